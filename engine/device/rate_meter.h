#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "engine/base/clock.h"

namespace penstock {

/// How many things a second there were in the last three seconds: 0 at once when that time is over
/// without any. In the first second of its life it counts as if that had passed already.
///
/// Units: the window slides in steps of a quarter of a second.
/// Thread-safety: one thread.
/// Cost: 80 bytes; no allocation.
class RateMeter {
 public:
  static constexpr Duration kWindow = std::chrono::seconds(3);

  RateMeter() = default;

  explicit RateMeter(TimePoint now) : born_(now) {}

  void count(std::uint64_t things, TimePoint now) noexcept {
    const std::int64_t step = step_of(now);
    // What lies longer back than the window is over.
    for (std::int64_t i = std::max(last_step_ + 1, step - kOldest); i <= step; ++i) {
      slot(i) = 0;
    }
    last_step_ = std::max(last_step_, step);
    slot(step) += static_cast<std::uint32_t>(things);
  }

  [[nodiscard]] double per_second(TimePoint now) const noexcept {
    const std::int64_t step = step_of(now);
    const std::int64_t first = std::max<std::int64_t>(step - kOldest, 0);
    std::uint64_t counted = 0;
    for (std::int64_t i = first; i <= std::min(step, last_step_); ++i) {
      counted += counts_[static_cast<std::size_t>(i) % counts_.size()];
    }
    const Duration over = now - born_ - first * kStep;
    const Duration least = first == 0 ? kLeast : kStep;
    return static_cast<double>(counted) /
           std::chrono::duration<double>(std::max(over, least)).count();
  }

 private:
  static constexpr Duration kStep = std::chrono::milliseconds(250);
  static constexpr Duration kLeast = std::chrono::seconds(1);
  static constexpr std::size_t kSteps = kWindow / kStep;
  static constexpr std::int64_t kOldest = std::int64_t{kSteps} - 1;  ///< Before the present one.

  [[nodiscard]] std::int64_t step_of(TimePoint now) const noexcept {
    return std::max<std::int64_t>((now - born_) / kStep, 0);
  }

  std::uint32_t& slot(std::int64_t step) noexcept {
    return counts_[static_cast<std::size_t>(step) % counts_.size()];
  }

  TimePoint born_;
  std::int64_t last_step_ = 0;  ///< Up to which `counts_` are right.
  std::array<std::uint32_t, kSteps> counts_{};
};

}  // namespace penstock
