#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/clock.h"
#include "engine/run/run_event.h"
#include "engine/run/supervised.h"

namespace penstock {

/// What happens when a node or source fails: its `restart` words.
struct RestartRule {
  enum class Then : std::uint8_t { kStopStream, kStopGraph };

  std::uint32_t max = 3;  ///< Restarts within `within`; one more failure and `then` happens.
  Duration within = std::chrono::seconds(60);
  Duration backoff_first = std::chrono::milliseconds(200);
  Duration backoff_limit = std::chrono::seconds(10);
  Then then = Then::kStopStream;
  bool forever = false;  ///< No bound: a live source reconnects until it is told to stop.
};

/// Decides what a failure means for a run: restart after a back-off, end of the stream, end of the
/// graph; and when the run is over. Pure: events and times in, orders out.
///
/// A failure whose code says that trying again cannot help (`kInvalidArgument`, `kUnsupported`,
/// `kNotFound`, `kCorrupt`) is never retried. The k-th restart in a row waits `backoff_first *
/// 2^(k-1)`, at most `backoff_limit`; a member that opened again starts from the first back-off
/// after `within` without failure. A run that was told to stop gives up on what has not finished
/// after `drain`, and is finished without what has not `give_up` later: that hangs in a call.
///
/// Thread-safety: one thread.
class Supervisor {
 public:
  struct Member {
    Supervised* runnable = nullptr;
    std::string name;
    bool is_source = false;
    std::vector<StreamId> streams;
    RestartRule restart;
  };

  struct Order {
    Supervised* runnable = nullptr;
    Supervised::Order order = Supervised::Order::kStop;
  };

  /// What a person should know: one line of the log.
  struct Note {
    enum class Level : std::uint8_t { kInfo, kWarning, kError };
    Level level = Level::kInfo;
    std::string text;
  };

  /// How long an end may take.
  struct Limits {
    Duration drain;    ///< From the stop: what is in the graph finishes meanwhile.
    Duration give_up;  ///< From then on: what has not finished closes its files.
  };

  Supervisor(std::vector<Member> members, Limits limits);

  void on_event(const RunEvent& event, TimePoint now);
  /// Obeys what is due at `now`.
  void on_time(TimePoint now);
  /// Stops all sources; what is in the graph finishes.
  void stop(TimePoint now);

  [[nodiscard]] std::optional<TimePoint> wake_at() const;
  /// Return what came up since the last call.
  [[nodiscard]] std::vector<Order> take_orders();
  [[nodiscard]] std::vector<Note> take_notes();

  [[nodiscard]] bool is_finished() const noexcept { return unfinished_ == 0 || left_; }

  [[nodiscard]] bool is_stopping() const noexcept { return stopping_; }

  /// Whether a stream or the graph was given up.
  [[nodiscard]] bool has_failed() const noexcept { return failed_; }

  /// Names what had not finished when `drain` was over, and was given up for that.
  [[nodiscard]] const std::vector<std::string>& cut_off() const noexcept { return cut_off_; }

  /// Names what has not finished: for the report of a run that does not end.
  [[nodiscard]] std::vector<std::string> unfinished() const;

 private:
  struct State {
    Member member;
    bool finished = false;
    bool given_up = false;
    std::deque<TimePoint> failures;
    std::uint32_t in_a_row = 0;
    std::optional<TimePoint> restart_at;
    std::optional<TimePoint> opened_at;
  };

  void on_failure(State& state, const RunEvent& event, TimePoint now);
  void give_up(State& state);
  void stop_sources_of(const std::vector<StreamId>& streams);
  void note(Note::Level level, std::string text);

  std::vector<State> states_;
  std::map<const Runnable*, std::size_t> by_runnable_;
  Limits limits_;
  std::size_t unfinished_ = 0;
  bool stopping_ = false;
  bool failed_ = false;
  bool drained_ = false;
  std::vector<std::string> cut_off_;
  bool left_ = false;
  std::optional<TimePoint> end_by_;  // Of the limit that runs.
  std::vector<Order> orders_;
  std::vector<Note> notes_;
};

}  // namespace penstock
