#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "actors/workers.h"
#include "engine/base/clock.h"
#include "engine/run/graph_run.h"
#include "engine/run/supervisor.h"

namespace penstock::actors {

/// A graph on its way: one actor a member, one that supervises them.
///
/// States: running -> stopping (`stop`, or a failure whose words say so) -> finished.
/// Ownership: owns the run. The destructor stops it and waits until no actor works on it; that wait
/// is as long as the longest turn of a node. Thread-safety: `stop`, `wait_for` and readings of
/// `run()`'s books from any thread.
class RunningGraph {
 public:
  struct Options {
    /// Once told to stop, what has not finished by then is given up.
    Duration drain_limit = std::chrono::seconds(10);
    /// An edge whose consumer takes nothing for this long is reported.
    Duration stall_limit = std::chrono::seconds(5);
    /// Called for each line that a person should see, by the supervisor's thread.
    std::function<void(const Supervisor::Note&)> on_note;
    const Clock* clock = nullptr;
  };

  static std::unique_ptr<RunningGraph> start(Workers& workers,
                                             std::unique_ptr<GraphRun> run,
                                             Options options);

  RunningGraph(const RunningGraph&) = delete;
  RunningGraph& operator=(const RunningGraph&) = delete;
  ~RunningGraph();

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
  explicit RunningGraph(std::unique_ptr<Core> core);
  std::unique_ptr<Core> core_;
};

}  // namespace penstock::actors
