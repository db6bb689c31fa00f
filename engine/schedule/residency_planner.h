#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "engine/schedule/schedule_ids.h"
#include "engine/schedule/scheduler_event.h"
#include "engine/schedule/turn_policy.h"

namespace penstock {

/// What lies on a device, as a planner sees it.
struct Resident {
  SubDeviceMask sub_devices = 0;
  std::uint64_t memory_bytes = 0;
  std::uint64_t shared_bytes = 0;
  bool is_same_package = false;  ///< The package that wants to come in; never sent out for it.
  bool has_work = false;
  std::uint32_t places = 1;  ///< Of its package on the device, this one among them.
  LeaveVerdict leave;
};

/// Chooses on which of its placements a package comes in, and who leaves for it.
///
/// A placement where it fits beside the others is taken first; else the one for which fewest that
/// have work leave, and of these fewest that have no other place; then the one that it shares with
/// fewest. Who need not leave stays: of those in the way the idle ones go first, then those of a
/// package that has most places.
///
/// Cost: O(placements x residents); the choice lies in buffers that are used again.
class ResidencyPlanner {
 public:
  struct Choice {
    std::uint32_t placement = 0;
    std::span<const std::uint32_t> victims;  ///< Indices into `residents`, until the next call.
    bool is_allowed = false;                 ///< All victims may leave now.
    DecisionReason reason = DecisionReason::kNone;  ///< Of the first victim, or who holds on.
    std::uint32_t holder = 0;                       ///< Index of the victim that `reason` is of.
    std::optional<TimePoint> ask_at;  ///< If not allowed: when time alone may allow it.
  };

  /// Where a package may go.
  struct Scope {
    SubDeviceMask blocked = 0;  ///< What running changes and better entitled packages hold.
    std::uint32_t room = kMaxSubDevices;  ///< Sub-devices that it may take.
  };

  /// Returns the best choice within `scope`; nothing if there is none, however many leave.
  [[nodiscard]] std::optional<Choice> choose(const DeviceCapacity& capacity,
                                             std::span<const Resident> residents,
                                             std::span<const PlacementFacts> placements,
                                             const Scope& scope);

  /// Returns whether the placement can ever be resident on an empty device.
  [[nodiscard]] static bool fits_empty(const DeviceCapacity& capacity,
                                       const PlacementFacts& placement) noexcept;

 private:
  struct Attempt {
    bool is_possible = false;
    bool is_allowed = true;
    std::uint32_t busy_victims = 0;
    std::uint32_t displaced = 0;  ///< Of these, those whose last place it is.
    DecisionReason reason = DecisionReason::kFreePlace;
    std::uint32_t holder = 0;
    std::optional<TimePoint> ask_at;
  };

  Attempt attempt(const DeviceCapacity& capacity,
                  std::span<const Resident> residents,
                  const PlacementFacts& placement,
                  std::vector<std::uint32_t>& victims) const;

  std::vector<std::uint32_t> victims_;
  std::vector<std::uint32_t> best_;
};

}  // namespace penstock
