#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "actors/runnable_driver.h"
#include "actors/worker_system.h"
#include "engine/base/clock.h"
#include "engine/run/runnable.h"

namespace penstock::actors {

/// The actors that drive a set of runnables, one each.
///
/// Ownership: outlives the runnables, so that a late ring finds a live, if ended, actor. Whoever
/// owns it calls `stop` before a runnable goes.
/// Thread-safety: one thread.
class ShellSet {
 public:
  explicit ShellSet(Workers::System& workers) : workers_(workers) {}

  ShellSet(const ShellSet&) = delete;
  ShellSet& operator=(const ShellSet&) = delete;
  ~ShellSet() = default;

  /// Spawns the actor of `runnable`; it does nothing before the first ring.
  void add(Runnable& runnable, const Clock* clock);

  /// Ends all actors and waits until none works on its runnable. That is as long as the longest
  /// turn; `on_left` is told the names of the runnables that are still worked on, again and again.
  /// None: actors wait for a worker, all of which work on something else.
  void stop(const std::function<void(std::vector<std::string> names)>& on_left = {});

 private:
  Workers::System& workers_;
  std::vector<std::unique_ptr<RunnableDriver>> drivers_;
};

}  // namespace penstock::actors
