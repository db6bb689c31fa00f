#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "drivers/api/host_services.h"
#include "drivers/api/timed_calls.h"

namespace penstock {

/// A host whose time stands still until it is told otherwise: for tests and for virtual time. Timed
/// calls are made by `advance` and `run_next`, on the thread that calls those.
///
/// Thread-safety: any thread; one thread at a time advances, and `cancel_call` comes from that
/// thread or while nobody advances.
class ManualHost final : public HostServices {
 public:
  ManualHost() = default;

  /// `reference_driver` outlives the host.
  explicit ManualHost(const PenstockDriverApi* reference_driver)
      : reference_driver_(reference_driver) {}

  void log(DriverLogLevel level, std::string_view text) noexcept override {
    const std::lock_guard lock(mutex_);
    lines_.emplace_back(level, std::string(text));
  }

  [[nodiscard]] TimePoint now() const noexcept override { return clock_.now(); }

  std::uint64_t call_at(TimePoint when, Call call, void* argument) noexcept override {
    const std::lock_guard lock(mutex_);
    return calls_.add(when, call, argument);
  }

  bool cancel_call(std::uint64_t ticket) noexcept override {
    const std::lock_guard lock(mutex_);
    return calls_.remove(ticket);
  }

  [[nodiscard]] const PenstockDriverApi* reference_driver() const noexcept override {
    return reference_driver_;
  }

  /// Moves the time on by `by`, making each call at its own time.
  void advance(Duration by) {
    const TimePoint end = clock_.now() + by;
    while (run_next_until(end)) {
    }
    clock_.advance_to(end);
  }

  /// Moves to the next call's time and makes it; false if none waits.
  bool run_next() { return run_next_until(TimePoint::max()); }

  /// Returns what was logged so far.
  [[nodiscard]] std::vector<std::pair<DriverLogLevel, std::string>> lines() const {
    const std::lock_guard lock(mutex_);
    return lines_;
  }

 private:
  bool run_next_until(TimePoint limit) {
    std::optional<TimedCalls::Due> due;
    {
      const std::lock_guard lock(mutex_);
      const auto next = calls_.next_time();
      if (!next.has_value() || *next > limit) {
        return false;
      }
      clock_.advance_to(*next);
      due = calls_.take_due(*next);
    }
    due->call(due->argument);
    return true;
  }

  const PenstockDriverApi* reference_driver_ = nullptr;
  ManualClock clock_;
  mutable std::mutex mutex_;
  TimedCalls calls_;
  std::vector<std::pair<DriverLogLevel, std::string>> lines_;
};

}  // namespace penstock
