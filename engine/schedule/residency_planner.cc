#include "engine/schedule/residency_planner.h"

#include <algorithm>
#include <tuple>

namespace penstock {
namespace {

/// What is short on the sub-devices of a placement, given who has left.
struct Shortage {
  SubDeviceMask sub_devices = 0;
  bool shared = false;

  [[nodiscard]] bool any() const noexcept { return sub_devices != 0 || shared; }

  [[nodiscard]] bool is_helped_by(const Resident& one) const noexcept {
    return (one.sub_devices & sub_devices) != 0 || (shared && one.shared_bytes > 0);
  }
};

bool leaves(std::span<const std::uint32_t> victims, std::size_t index) noexcept {
  return std::find(victims.begin(), victims.end(), index) != victims.end();
}

Shortage shortage(const DeviceCapacity& capacity,
                  std::span<const Resident> residents,
                  const PlacementFacts& placement,
                  std::span<const std::uint32_t> victims) noexcept {
  Shortage result;
  for (SubDeviceMask left = placement.sub_devices; left != 0; left &= left - 1) {
    const SubDeviceMask one = left & (~left + 1);
    std::uint64_t memory = placement.memory_bytes;
    std::uint32_t count = 1;
    for (std::size_t i = 0; i < residents.size(); ++i) {
      if ((residents[i].sub_devices & one) != 0 && !leaves(victims, i)) {
        memory += residents[i].memory_bytes;
        ++count;
      }
    }
    const bool is_short =
        (capacity.memory_per_sub_device != 0 && memory > capacity.memory_per_sub_device) ||
        (capacity.max_resident != 0 && count > capacity.max_resident);
    result.sub_devices |= is_short ? one : 0;
  }
  if (capacity.shared_memory != 0) {
    std::uint64_t shared = placement.shared_bytes;
    for (std::size_t i = 0; i < residents.size(); ++i) {
      shared += leaves(victims, i) ? 0 : residents[i].shared_bytes;
    }
    result.shared = shared > capacity.shared_memory;
  }
  return result;
}

/// Returns who should leave next: those that may before those that may not, the idle before the
/// busy, those with most places before those with few.
std::optional<std::uint32_t> next_victim(std::span<const Resident> residents,
                                         std::span<const std::uint32_t> victims,
                                         const Shortage& shortage) noexcept {
  std::optional<std::uint32_t> best;
  const auto order = [&](std::uint32_t i) {
    const Resident& one = residents[i];
    return std::tuple(!one.leave.may_leave, one.has_work, kMaxSubDevices - one.places);
  };
  for (std::uint32_t i = 0; i < residents.size(); ++i) {
    const bool can_help =
        !residents[i].is_same_package && !leaves(victims, i) && shortage.is_helped_by(residents[i]);
    if (can_help && (!best.has_value() || order(i) < order(*best))) {
      best = i;
    }
  }
  return best;
}

/// Returns how many stay on the placement's sub-devices, those that have work before the idle.
std::uint32_t crowd_on(std::span<const Resident> residents,
                       const PlacementFacts& placement,
                       std::span<const std::uint32_t> victims) noexcept {
  std::uint32_t busy = 0;
  std::uint32_t idle = 0;
  for (std::size_t i = 0; i < residents.size(); ++i) {
    const bool is_beside = (residents[i].sub_devices & placement.sub_devices) != 0;
    if (is_beside && !leaves(victims, i)) {
      ++(residents[i].has_work ? busy : idle);
    }
  }
  constexpr std::uint32_t kFarMore = 1U << 16U;
  return busy * kFarMore + idle;
}

/// What a choice costs the others: not allowed, evicts, victims with work, those of them left
/// without a place, who shares its sub-devices.
using Cost = std::tuple<bool, bool, std::uint32_t, std::uint32_t, std::uint32_t>;

}  // namespace

bool ResidencyPlanner::fits_empty(const DeviceCapacity& capacity,
                                  const PlacementFacts& placement) noexcept {
  const SubDeviceMask all = capacity.sub_devices >= kMaxSubDevices
                                ? ~SubDeviceMask{0}
                                : (SubDeviceMask{1} << capacity.sub_devices) - 1;
  return placement.sub_devices != 0 && (placement.sub_devices & ~all) == 0 &&
         !shortage(capacity, {}, placement, {}).any();
}

ResidencyPlanner::Attempt ResidencyPlanner::attempt(const DeviceCapacity& capacity,
                                                    std::span<const Resident> residents,
                                                    const PlacementFacts& placement,
                                                    std::vector<std::uint32_t>& victims) const {
  Attempt result;
  victims.clear();
  for (;;) {
    const Shortage missing = shortage(capacity, residents, placement, victims);
    if (!missing.any()) {
      result.is_possible = true;
      return result;
    }
    const auto victim = next_victim(residents, victims, missing);
    if (!victim.has_value()) {
      return result;
    }
    const Resident& one = residents[*victim];
    result.busy_victims += one.has_work ? 1 : 0;
    result.displaced += one.has_work && one.places <= 1 ? 1 : 0;
    if (!one.leave.may_leave) {
      // One that time will move is of interest only if time moves all.
      const bool by_time =
          one.leave.ask_at.has_value() && (result.is_allowed || result.ask_at.has_value());
      result.ask_at = by_time ? std::max(one.leave.ask_at, result.ask_at) : std::nullopt;
      result.is_allowed = false;
      result.reason = one.leave.reason;
      result.holder = *victim;
    } else if (victims.empty()) {
      result.reason = one.leave.reason;
      result.holder = *victim;
    }
    victims.push_back(*victim);
  }
}

std::optional<ResidencyPlanner::Choice> ResidencyPlanner::choose(
    const DeviceCapacity& capacity,
    std::span<const Resident> residents,
    std::span<const PlacementFacts> placements,
    const Scope& scope) {
  std::optional<Choice> choice;
  Cost least;
  for (std::uint32_t index = 0; index < placements.size(); ++index) {
    const PlacementFacts& placement = placements[index];
    const bool is_there = std::any_of(residents.begin(), residents.end(), [&](const auto& one) {
      return one.is_same_package && (one.sub_devices & placement.sub_devices) != 0;
    });
    if ((placement.sub_devices & scope.blocked) != 0 || is_there ||
        width_of(placement) > scope.room || !fits_empty(capacity, placement)) {
      continue;
    }
    const Attempt attempt = this->attempt(capacity, residents, placement, victims_);
    if (!attempt.is_possible) {
      continue;
    }
    const Cost cost{!attempt.is_allowed,
                    !victims_.empty(),
                    attempt.busy_victims,
                    attempt.displaced,
                    crowd_on(residents, placement, victims_)};
    if (choice.has_value() && cost >= least) {
      continue;
    }
    least = cost;
    best_.swap(victims_);
    choice =
        Choice{index, best_, attempt.is_allowed, attempt.reason, attempt.holder, attempt.ask_at};
  }
  if (choice.has_value()) {
    choice->victims = best_;
  }
  return choice;
}

}  // namespace penstock
