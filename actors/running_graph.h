#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "actors/disposal.h"
#include "actors/workers.h"
#include "engine/base/clock.h"
#include "engine/base/result.h"
#include "engine/run/graph_run.h"
#include "engine/run/supervisor.h"

namespace penstock::actors {

/// A graph on its way: one actor a member, one that supervises them.
///
/// States: running -> stopping (`stop`, or a failure whose words say so) -> finished.
/// Ownership: owns the run. `close`, or the destructor, stops it and waits until no actor works on
/// it. Thread-safety: `stop`, `wait_for` and readings of `run()`'s books from any thread.
class RunningGraph {
 public:
  struct Options {
    /// Once told to stop, what has not finished by then is given up.
    Duration drain_limit = std::chrono::seconds(10);
    /// What has not finished this much later hangs: the run is finished without it.
    Duration give_up_limit = std::chrono::seconds(5);
    /// An edge whose consumer takes nothing for this long is reported.
    Duration stall_limit = std::chrono::seconds(5);
    /// Called for each line that a person should see, by the supervisor's thread. Must return:
    /// `close` waits for it.
    std::function<void(const Supervisor::Note&)> on_note;
    const Clock* clock = nullptr;
  };

  static std::unique_ptr<RunningGraph> start(Workers& workers,
                                             std::unique_ptr<GraphRun> run,
                                             Options options);

  RunningGraph(const RunningGraph&) = delete;
  RunningGraph& operator=(const RunningGraph&) = delete;
  /// As `close`. Where a node hangs the program ends here (a failed check that names it): nothing
  /// that the run refers to may go away. Who knows better calls `close` before.
  ~RunningGraph();

  /// How long to wait once the run is finished: who is at work then hangs.
  static constexpr Duration kCloseLimit = std::chrono::seconds(5);
  /// How long the destructor waits, which cannot say that it has failed.
  static constexpr Duration kLastLimit = std::chrono::seconds(30);

  /// Stops the run, and waits until it is finished and nobody works on it, at most `limit`. Can be
  /// called again, to wait on.
  ///
  /// A node that hangs in a call of its own is left to a thread that owns the run and the workers'
  /// system, but not the clock, the devices, or what its nodes refer to: a program that goes on
  /// keeps them. One that ends does so by `std::_Exit`. `on_note` is not called once this has
  /// returned. Errors: `kDeadlineExceeded`, naming who does not end.
  Status close(Duration limit);

  /// Pre: not closed, here and below.
  /// Stops the sources; what is in the graph finishes, files are closed. Does not wait.
  void stop() noexcept;

  /// Waits at most `limit`; returns whether the run is finished.
  [[nodiscard]] bool wait_for(Duration limit);

  /// Pre: finished. Whether a stream or the whole graph was given up.
  [[nodiscard]] bool has_failed() const noexcept;

  /// Pre: finished. Names the members that had not finished `drain_limit` after the stop.
  [[nodiscard]] std::vector<std::string> cut_off() const;

  [[nodiscard]] const GraphRun& run() const noexcept;

 private:
  struct Core;
  struct Notes;
  RunningGraph(std::shared_ptr<Core> core, std::shared_ptr<Notes> notes, Duration end_limit);
  std::shared_ptr<Core> core_;  // Null once closing.
  std::shared_ptr<Notes> notes_;
  std::shared_ptr<DisposalProgress> progress_;
  Duration end_limit_;  // From a stop until it is finished, at most.
  std::optional<Disposal> closing_;
};

}  // namespace penstock::actors
