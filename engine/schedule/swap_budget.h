#pragma once

#include <array>
#include <bit>

#include "engine/base/clock.h"
#include "engine/schedule/schedule_ids.h"

namespace penstock {

/// Keeps the time that a device spends swapping below a share of all time, for any arrivals: after
/// a swap that took c, the next on the same sub-devices starts c * (1 - share) / share after its
/// end.
///
/// Swaps that send nobody out are noted but never held back: there are only as many as packages.
class SwapBudget {
 public:
  explicit SwapBudget(double share) : rest_per_cost_((1 - share) / share) {}

  /// Returns the stay that a swap of this cost demands.
  [[nodiscard]] Duration stay_after(Duration cost) const noexcept {
    return Duration(static_cast<Duration::rep>(static_cast<double>(cost.count()) * rest_per_cost_));
  }

  void note(SubDeviceMask sub_devices, TimePoint end, Duration took) noexcept {
    const TimePoint until = end + stay_after(took);
    for (SubDeviceMask left = sub_devices; left != 0; left &= left - 1) {
      TimePoint& allowed = allowed_at_[static_cast<std::size_t>(std::countr_zero(left))];
      allowed = allowed < until ? until : allowed;
    }
  }

  /// Returns when a swap on all of these may start.
  [[nodiscard]] TimePoint allowed_at(SubDeviceMask sub_devices) const noexcept {
    TimePoint latest{};
    for (SubDeviceMask left = sub_devices; left != 0; left &= left - 1) {
      const TimePoint allowed = allowed_at_[static_cast<std::size_t>(std::countr_zero(left))];
      latest = latest < allowed ? allowed : latest;
    }
    return latest;
  }

 private:
  double rest_per_cost_;
  std::array<TimePoint, kMaxSubDevices> allowed_at_{};
};

}  // namespace penstock
