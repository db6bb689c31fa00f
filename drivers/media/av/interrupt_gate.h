#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>

#include "engine/base/clock.h"

namespace penstock {

/// Lets a blocking libav call be ended from outside: by `cancel()`, or when its time limit passes.
/// libav asks `interrupt_callback` about every 100 ms while it waits.
///
/// Thread-safety: `cancel()` and the questions from any thread; `arm()` and `disarm()` by the
/// thread that makes the calls.
class InterruptGate {
 public:
  /// From now on, calls may take `limit`.
  void arm(Duration limit) noexcept;
  void disarm() noexcept;
  void cancel() noexcept;

  [[nodiscard]] bool is_cancelled() const noexcept;
  /// True if the limit passed while armed.
  [[nodiscard]] bool has_expired() const noexcept;

  /// For calls that cannot wait by themselves: waits `limit`, or until the call is to be given up,
  /// which `cancel()` makes known at once. Returns whether it is.
  bool wait_for(Duration limit);

  /// For calls that wait with `poll(2)`: an eventfd to which `cancel()` writes, at once if it was
  /// called before; -1 ends that. There is one at a time.
  void wake_on_cancel(int eventfd) noexcept;

  /// How long the call may still take, 0 when its time is over; nothing while it has no limit.
  [[nodiscard]] std::optional<Duration> time_left() const noexcept;

  /// libav's form of the question: 1 means "give up". `gate` is an `InterruptGate*`.
  static int interrupt_callback(void* gate) noexcept;

 private:
  [[nodiscard]] bool is_given_up() const noexcept { return is_cancelled() || has_expired(); }

  /// Pre: `mutex_` is held.
  void wake() const noexcept;

  std::mutex mutex_;  // Between `cancel()` and the start of a wait.
  std::condition_variable cancelled_;
  int eventfd_ = -1;
  std::atomic<bool> is_cancelled_{false};
  std::atomic<std::int64_t> deadline_ns_{INT64_MAX};  // On the steady clock.
};

}  // namespace penstock
