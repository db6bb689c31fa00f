#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <variant>
#include <vector>

#include "engine/base/clock.h"
#include "engine/flow/edge_ring.h"
#include "engine/frame/frame.h"

namespace penstock {

/// Brings together again what became of one frame on several ways through a graph.
///
/// One input, the base, brings whole frames; each other input brings the same frame, or pieces of
/// it, or says that nothing comes. What to wait for is known from lineage, not guessed: an input is
/// settled for a frame once the frame itself came, once a tombstone covers it, or once a closing
/// record has said how many pieces there are (0 is a number too) and as many have come or have a
/// tombstone. A piece that was cut again counts as come when the closing record of its own pieces
/// does, and they are waited for in its place; that record comes before the one of the whole frame.
/// A frame whose base has a tombstone is over at once; its other parts are given back.
///
/// Sets leave in the order of their stream: a complete one waits for those before it. Nothing is
/// lost and nothing grows: every frame that goes in comes out in exactly one decision, and at most
/// `max_pending` frames of a stream wait; one more makes the first of them leave as it is.
///
/// It decides, it does not act: the caller passes sets on, ends frames and sends tombstones.
///
/// States: none to order; `flush` destroys what is kept about a stream. Ownership: holds the frames
/// that wait. Thread-safety: one thread. Cost: a frame costs a search among those that wait, and
/// the vectors of its set; `next_deadline` looks at all that wait.
class JoinTable {
 public:
  /// What happens to a set that is not complete when its time has passed.
  enum class Late : std::uint8_t {
    kWait,     ///< It has no time: what is late is waited for.
    kPartial,  ///< It leaves without what is missing; without its base, it is dropped.
    kDrop,     ///< All of it is dropped.
  };

  struct Options {
    std::size_t ports = 2;
    std::size_t base = 0;                  ///< The input that brings whole frames.
    std::optional<Duration> timeout = {};  ///< From a set's first sign; nothing = wait for ever.
    Late late = Late::kPartial;
    std::size_t max_pending = 64;  ///< Frames of one stream.
  };

  /// A frame and its parts: to be passed on as one.
  struct Joined {
    Frame base;
    std::vector<std::vector<Frame>> parts;  ///< By input, pieces by index; none for the base's.
    bool is_complete = true;
  };

  /// Frames to be ended as `dropped{reason}`.
  struct Unjoined {
    std::vector<Frame> frames;
    Reason reason = Reason::kNone;
    /// The frames that nobody downstream will see; nothing where that was said or does not hold.
    std::optional<Tombstone> tombstone;
  };

  using Decision = std::variant<Joined, Unjoined>;
  using Decisions = std::vector<Decision>;

  struct Stats {
    std::uint64_t complete = 0;   ///< Sets that left with all their parts.
    std::uint64_t partial = 0;    ///< Sets that left without some.
    std::uint64_t dropped = 0;    ///< Sets that were dropped as incomplete.
    std::uint64_t late = 0;       ///< Parts that came after their set had left.
    std::uint64_t timed_out = 0;  ///< Sets whose time passed: a part of the two above.
    std::uint64_t crowded = 0;    ///< Sets that left because too many waited: likewise.
  };

  /// Pre: `ports` is 2 or more, `base` one of them, `max_pending` not 0.
  explicit JoinTable(const Options& options);

  /// Takes `frame`, which came from input `port`, and appends what follows from it to `out`. Pre:
  /// `now` never goes back; a frame of the base is not a piece.
  void add(std::size_t port, Frame frame, TimePoint now, Decisions& out);
  /// Likewise for a record; ends of streams are `flush`'s, and mean nothing here.
  void note(std::size_t port, const ControlRecord& record, TimePoint now, Decisions& out);
  /// Lets the sets go whose time has passed.
  void expire(TimePoint now, Decisions& out);
  /// Nothing more comes of `stream`: lets all its sets go and forgets it. What is incomplete leaves
  /// so, under `Late::kDrop` it is dropped.
  void flush(StreamId stream, Decisions& out);

  /// Returns when `expire` wants to be called next.
  [[nodiscard]] std::optional<TimePoint> next_deadline() const;

  [[nodiscard]] std::size_t pending(StreamId stream) const;

  [[nodiscard]] const Stats& stats() const noexcept { return stats_; }

 private:
  /// What is known about one frame on one input.
  struct Way {
    std::vector<Frame> frames;
    std::int64_t missing = 0;  // Pieces announced, less those that came or ended.
    bool is_counted = false;   // The closing record of the frame itself came.
    bool is_settled = false;   // The frame itself came, or a tombstone.
  };

  struct Entry {
    std::uint64_t seq = 0;
    TimePoint since;
    Frame base;
    std::vector<Way> ways;
    std::optional<Reason> given_up;  // It leaves incomplete, and why.
  };

  /// Frames that do not come on an input.
  struct Gone {
    std::uint64_t first = 0;
    std::uint64_t last = 0;
    Reason reason = Reason::kNone;
  };

  struct Stream {
    std::uint64_t next = 0;               // All before it have left.
    std::deque<Entry> entries;            // By seq.
    std::vector<std::vector<Gone>> gone;  // By input; in order, apart, none before `next`.
  };

  Stream& stream_of(StreamId id);
  /// Returns the entry of `seq`, new if need be; null if that frame is over.
  Entry* entry_of(Stream& stream, std::uint64_t seq, TimePoint now);
  [[nodiscard]] const Gone* find_gone(const Stream& stream,
                                      std::size_t port,
                                      std::uint64_t seq) const;
  void note_tombstone(std::size_t port, const Tombstone& record, TimePoint now, Decisions& out);
  void note_closing(std::size_t port, const ClosingRecord& record, TimePoint now, Decisions& out);
  void lose_base(Stream& stream, const Tombstone& record, Decisions& out);
  void keep_gone(std::vector<Gone>& list, Gone added) const;
  [[nodiscard]] bool is_complete(const Entry& entry) const;
  /// Lets the sets go that may, from the first on.
  void release(StreamId id, Stream& stream, Decisions& out);
  void let_go(StreamId id, Entry entry, Decisions& out);

  const Options options_;
  std::map<StreamId, Stream> streams_;
  Stats stats_;
};

}  // namespace penstock
