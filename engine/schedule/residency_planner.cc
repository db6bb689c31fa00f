#include "engine/schedule/residency_planner.h"

#include <algorithm>
#include <bit>
#include <utility>

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
/// busy.
std::optional<std::uint32_t> next_victim(std::span<const Resident> residents,
                                         std::span<const std::uint32_t> victims,
                                         const Shortage& shortage) noexcept {
  std::optional<std::uint32_t> best;
  const auto order = [&](std::uint32_t i) {
    return std::pair(!residents[i].leave.may_leave, residents[i].has_work);
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
    SubDeviceMask blocked) {
  std::optional<Choice> choice;
  std::uint32_t fewest = 0;
  for (std::uint32_t index = 0; index < placements.size(); ++index) {
    const PlacementFacts& placement = placements[index];
    const bool is_there = std::any_of(residents.begin(), residents.end(), [&](const auto& one) {
      return one.is_same_package && (one.sub_devices & placement.sub_devices) != 0;
    });
    if ((placement.sub_devices & blocked) != 0 || is_there || !fits_empty(capacity, placement)) {
      continue;
    }
    const Attempt attempt = this->attempt(capacity, residents, placement, victims_);
    const auto rank = [](bool is_allowed, bool evicts, std::uint32_t busy) {
      return (is_allowed ? 0U : 1U << 20U) + (evicts ? 1U << 10U : 0U) + busy;
    };
    const std::uint32_t cost = rank(attempt.is_allowed, !victims_.empty(), attempt.busy_victims);
    if (!attempt.is_possible || (choice.has_value() && cost >= fewest)) {
      continue;
    }
    fewest = cost;
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
