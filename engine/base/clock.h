#pragma once

#include <atomic>
#include <chrono>

namespace penstock {

using Duration = std::chrono::nanoseconds;

/// A point of the monotonic time line that every policy uses. The epoch is arbitrary: only
/// differences mean anything, and never across processes.
using TimePoint = std::chrono::time_point<std::chrono::steady_clock, Duration>;

/// The one source of time, handed in, so that a whole graph can run in virtual time.
///
/// Thread-safety: `now()` from any thread.
class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual TimePoint now() const noexcept = 0;

 protected:
  Clock() = default;
  Clock(const Clock&) = default;
  Clock& operator=(const Clock&) = default;
};

/// The machine's monotonic clock. Cost: about 30 ns a call.
class SteadyClock final : public Clock {
 public:
  [[nodiscard]] TimePoint now() const noexcept override {
    return std::chrono::time_point_cast<Duration>(std::chrono::steady_clock::now());
  }
};

/// A clock that stands still until it is told otherwise: for tests and for virtual time.
///
/// Thread-safety: any thread; time never goes back.
class ManualClock final : public Clock {
 public:
  ManualClock() = default;

  explicit ManualClock(TimePoint start) : now_ns_(start.time_since_epoch().count()) {}

  [[nodiscard]] TimePoint now() const noexcept override {
    return TimePoint(Duration(now_ns_.load(std::memory_order_acquire)));
  }

  void advance(Duration by) noexcept { now_ns_.fetch_add(by.count(), std::memory_order_acq_rel); }

  /// Moves to `when`; an earlier time than now changes nothing.
  void advance_to(TimePoint when) noexcept {
    const auto target = when.time_since_epoch().count();
    auto seen = now_ns_.load(std::memory_order_acquire);
    while (target > seen &&
           !now_ns_.compare_exchange_weak(seen, target, std::memory_order_acq_rel)) {
    }
  }

 private:
  std::atomic<Duration::rep> now_ns_{0};
};

}  // namespace penstock
