#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>

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
  /// With less a package that was sent out would not come back.
  static constexpr double kLeastShare = 0.001;

  /// Takes less than `kLeastShare` for `kLeastShare`; with 1 no swap is held back.
  explicit SwapBudget(double share) noexcept {
    const double checked = share >= kLeastShare ? std::min(share, 1.0) : kLeastShare;
    rest_per_cost_ = (1 - checked) / checked;
  }

  /// Returns the stay that a swap of this cost demands: at most a year.
  [[nodiscard]] Duration stay_after(Duration cost) const noexcept {
    constexpr Duration kMost = std::chrono::hours(24 * 365);
    const double stay = static_cast<double>(cost.count()) * rest_per_cost_;
    return stay < static_cast<double>(kMost.count()) ? Duration(static_cast<Duration::rep>(stay))
                                                     : kMost;
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
  double rest_per_cost_ = 0;
  std::array<TimePoint, kMaxSubDevices> allowed_at_{};
};

}  // namespace penstock
