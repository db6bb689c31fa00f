#pragma once

#include <csignal>

#include "engine/base/clock.h"

namespace penstock {

/// Turns Ctrl-C, SIGTERM and SIGHUP (a terminal that went away) into something that the main thread
/// waits for.
///
/// Pre: made before any other thread is started, since threads inherit what is blocked.
/// Thread-safety: `wait_for` by one thread.
class StopSignals {
 public:
  /// Blocks SIGINT, SIGTERM and, unless it is ignored (`nohup`), SIGHUP in this thread and all that
  /// it starts; ignores SIGPIPE, so that a reader that goes away is an error of a write and not the
  /// end of the process.
  StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;
  ~StopSignals();

  /// Waits at most `limit`; returns whether a signal came.
  [[nodiscard]] bool wait_for(Duration limit) const;

 private:
  sigset_t waited_{};
  sigset_t before_{};
};

}  // namespace penstock
