#pragma once

#include <csignal>
#include <functional>
#include <thread>

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

  /// Lets each further signal end the process at once, with `code`, whatever its threads are at.
  /// Called by the thread of a `SignalWatch` at its signal, which takes them from then on.
  void end_at_next(int code) const;

 private:
  friend class SignalWatch;
  sigset_t waited_{};
  sigset_t before_{};
};

/// Listens to the signals while the main thread is busy, with what blocks for seconds and cannot be
/// told to stop: a call of a driver. Until it is destroyed nobody else waits for them.
class SignalWatch {
 public:
  /// `on_signal` is called once, by a thread of the watch's own.
  SignalWatch(const StopSignals& signals, std::function<void()> on_signal);
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;
  ~SignalWatch();

 private:
  int signals_;  // A file descriptor that gives them; -1 if there is none left: it hears nothing.
  int end_;      // One that can be read once the watch is over.
  std::thread thread_;
};

}  // namespace penstock
