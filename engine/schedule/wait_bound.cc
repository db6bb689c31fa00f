#include "engine/schedule/wait_bound.h"

#include <algorithm>

namespace penstock {
namespace {

Duration of_ns(double ns) noexcept {
  return Duration(static_cast<Duration::rep>(ns));
}

/// The longest turn of any of the flows that a lane may serve together: its limit is the largest of
/// theirs, and none if one of them has none.
class LongestTurn {
 public:
  void add(Duration frames, Duration time, Duration linger) {
    add(frames, frames_, frames_limited_);
    add(time, time_, time_limited_);
    linger_ = std::max(linger_, linger);
  }

  /// One that has no limit at all ends as soon as somebody is overdue.
  [[nodiscard]] Duration get() const {
    const bool both = frames_limited_ && time_limited_;
    const Duration either = frames_limited_ ? frames_ : time_;
    const Duration turn = both                               ? std::min(frames_, time_)
                          : frames_limited_ || time_limited_ ? either
                                                             : std::max(frames_, time_);
    return std::max(turn, linger_);
  }

 private:
  static void add(Duration one, Duration& longest, bool& all_limited) {
    longest = std::max(longest, one);
    all_limited = all_limited && one > Duration{0};
  }

  Duration frames_{0};
  Duration time_{0};
  bool frames_limited_ = true;
  bool time_limited_ = true;
  Duration linger_{0};
};

/// The longest that the lane keeps its place against one that is overdue: one turn, and no less
/// than the budget of swaps demands.
Duration longest_turn(const LaneState& lane) {
  const std::uint32_t batch = lane.package->largest_batch();
  const auto of_frames = [&](std::uint64_t limit) {
    return limit == 0 ? Duration{0}
                      : of_ns(lane.longest_frame_time * static_cast<double>(limit + batch));
  };
  const auto of_time = [&](Duration limit) {
    return limit <= Duration{0} ? Duration{0} : limit + lane.longest_batch;
  };
  LongestTurn longest;
  for (const FlowState* flow : lane.package->flows) {
    const FlowKnobs& knobs = flow->knobs;
    if (!flow->is_closed) {
      longest.add(of_frames(knobs.frame_limit), of_time(knobs.time_limit), knobs.linger);
    }
  }
  // A turn that runs keeps the words of those whom it has served.
  for (const auto& one : lane.device->residences) {
    const Turn& turn = one->turn;
    if (one->lane == &lane && turn.frames > 0) {
      longest.add(of_frames(turn.frames_unlimited ? 0 : turn.frame_cap),
                  of_time(turn.time_unlimited ? Duration{0} : turn.time_cap),
                  turn.linger);
    }
  }
  return std::max(longest.get(), lane.device->budget.stay_after(lane.longest_swap));
}

/// Time until what runs on one place of the device has ended.
Duration longest_drain(const DeviceState& device) {
  Duration longest = device.longest_batch;
  for (const auto& lane : device.lanes) {
    for (const PlacementFacts& facts : lane->placements) {
      longest = std::max(
          longest, of_ns(lane->longest_frame_time * lane->package->largest_batch() * facts.depth));
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
