#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>

namespace penstock::sim {

/// How many frames a second the host computes for a simulated device: counted over the time in
/// which it computed at least one, so that neither pauses nor inferences side by side mislead.
///
/// Units: nanoseconds of `now()`: how long the host computes is real time, also where the device's
/// is virtual.
/// Thread-safety: any thread.
class HostMeter {
 public:
  [[nodiscard]] static std::int64_t now() noexcept {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(
               std::chrono::steady_clock::now().time_since_epoch())
        .count();
  }

  void begin(std::int64_t now) noexcept {
    const std::lock_guard lock(mutex_);
    if (running_++ == 0) {
      since_ = now;
    }
  }

  /// Ends what `begin` began, with results of `frames`: the batch, or 0 where it failed.
  void end(std::int64_t now, int frames) noexcept {
    const std::lock_guard lock(mutex_);
    done_ += frames;
    if (--running_ == 0) {
      busy_ += now - since_;
    }
  }

  /// Returns frames a second; 0 before the first.
  [[nodiscard]] double rate(std::int64_t now) const noexcept {
    const std::lock_guard lock(mutex_);
    const std::int64_t busy = busy_ + (running_ > 0 ? now - since_ : 0);
    return busy > 0 ? static_cast<double>(done_) * 1e9 / static_cast<double>(busy) : 0;
  }

 private:
  mutable std::mutex mutex_;
  std::int64_t running_ = 0;
  std::int64_t since_ = 0;
  std::int64_t busy_ = 0;
  std::int64_t done_ = 0;
};

}  // namespace penstock::sim
