#include "engine/schedule/wait_bound.h"

#include <algorithm>

namespace penstock {
namespace {

Duration of_ns(double ns) noexcept {
  return Duration(static_cast<Duration::rep>(ns));
}

/// The longest that the lane keeps its place against one that is overdue: one turn, and no less
/// than the budget of swaps demands.
Duration longest_turn(const LaneState& lane) {
  Duration longest{0};
  for (const FlowState* flow : lane.package->flows) {
    if (flow->is_closed) {
      continue;
    }
    const FlowKnobs& knobs = flow->knobs;
    Duration turn = Duration::max();
    if (knobs.frame_limit > 0) {
      turn = of_ns(lane.longest_frame_time *
                   (knobs.frame_limit + lane.package->batch.preferred_frames));
    }
    if (knobs.time_limit > Duration{0}) {
      turn = std::min(turn, knobs.time_limit + lane.longest_batch);
    }
    longest = turn == Duration::max() ? longest : std::max(longest, turn);
    longest = std::max(longest, knobs.linger);
  }
  return std::max(longest, lane.device->budget.stay_after(lane.longest_swap));
}

/// Time until what runs on one place of the device has ended.
Duration longest_drain(const DeviceState& device) {
  Duration longest = device.longest_batch;
  for (const auto& lane : device.lanes) {
    for (const PlacementFacts& facts : lane->placements) {
      longest = std::max(
          longest,
          of_ns(lane->longest_frame_time * lane->package->batch.preferred_frames * facts.depth));
    }
  }
  return longest;
}

Duration bound_on(const LaneState& lane) {
  const DeviceState& device = *lane.device;
  const Duration drain = longest_drain(device);
  // The own swap, after the drain of whoever holds the place.
  Duration bound = lane.always_resident ? drain : drain + lane.longest_swap;
  for (const auto& other : device.lanes) {
    if (other->is_removed || other->package->flows.empty()) {
      continue;
    }
    // Each of the others has one turn, if it waited longer; so has the holder of the place.
    if (other.get() != &lane && !other->always_resident) {
      bound += longest_turn(*other) + other->longest_swap + drain;
    }
  }
  // Heads that are overdue on the same places run in the order in which they became so.
  bound += (device.open_flows > 0 ? device.open_flows - 1 : 0) * drain;
  return bound;
}

}  // namespace

std::optional<Duration> wait_bound_of(const ScheduleState& /*state*/, const FlowState& flow) {
  if (flow.knobs.max_wait == FlowKnobs::kOff) {
    return std::nullopt;
  }
  Duration longest{0};
  for (const auto& lane : flow.lanes) {
    longest = std::max(longest, bound_on(*lane->lane));
  }
  return flow.knobs.max_wait + flow.package->batch.wait + longest;
}

}  // namespace penstock
