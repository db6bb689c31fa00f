#include "engine/schedule/residence_plan.h"

#include <algorithm>
#include <cstdint>

#include "engine/schedule/dispatch.h"
#include "engine/schedule/membership.h"
#include "engine/schedule/residence_change.h"

namespace penstock {
namespace {

using Stage = SchedulerSnapshot::ResidenceState;

/// Returns whether the lane has work that what is resident of it cannot take.
bool wants_place(const LaneState& lane, TimePoint now) {
  if (lane.always_resident || lane.is_removed || lane.is_quarantined || lane.loads.is_given_up() ||
      lane.failing.is_given_up() || lane.coming > 0 || !standing_of(lane, now).has_work) {
    return false;
  }
  if (lane.residences == 0) {
    return true;
  }
  if (lane.residences >= lane.placements.size() || lane.held >= lane.max_sub_devices) {
    return false;
  }
  const auto& all = lane.device->residences;
  return std::all_of(all.begin(), all.end(), [&](const auto& one) {
    return one->lane != &lane || one->in_flight >= one->depth;
  });
}

/// Returns whether the lane would be next by its share alone: no higher class has work on the
/// device, and none of its class has received less.
bool is_next_by_share(const LaneState& lane, TimePoint now) {
  const Standing own = standing_of(lane, now);
  const double slack = lane.longest_frame_time * static_cast<double>(kMaxSubDevices);
  return std::all_of(
      lane.device->active.begin(), lane.device->active.end(), [&](const LaneState* other) {
        const Standing standing = standing_of(*other, now);
        return other == &lane || !standing.has_work || standing.rank < own.rank ||
               (standing.rank == own.rank && own.tag <= standing.tag + slack);
      });
}

/// Describes what lies on the device to one that wants to come in.
void list_residents(ScheduleState& state,
                    const DeviceState& device,
                    const LaneState& wanting,
                    TimePoint now) {
  const Standing standing = standing_of(wanting, now);
  const double lag = static_cast<double>(
      (wanting.swap_cost + device.budget.stay_after(wanting.swap_cost)).count());
  state.residents.clear();
  for (const auto& one : device.residences) {
    Resident resident;
    resident.sub_devices = one->mask;
    resident.memory_bytes = one->memory_bytes;
    resident.shared_bytes = one->shared_bytes;
    resident.is_same_package = one->lane == &wanting;
    const Standing holder = standing_of(*one->lane, now);
    resident.has_work = holder.has_work;
    resident.places = one->lane->residences;
    if (one->state != Stage::kReady || one->drains > 0) {
      resident.leave = {false, DecisionReason::kReserved, std::nullopt};
    } else if (one->lane->is_removed) {
      resident.leave = {true, DecisionReason::kRemoved, std::nullopt};
    } else {
      resident.leave =
          may_leave(standing, holder, one->turn, device.budget.allowed_at(one->mask), lag, now);
    }
    state.residents.push_back(resident);
  }
  // What was chosen and still drains has its memory already.
  for (const auto& change : device.changes) {
    if (!change->is_started && !change->only_out) {
      const PlacementFacts& facts = change->facts;
      state.residents.push_back({facts.sub_devices,
                                 facts.memory_bytes,
                                 facts.shared_bytes,
                                 change->lane == &wanting,
                                 true,
                                 1,
                                 {false, DecisionReason::kReserved, std::nullopt}});
    }
  }
}

void choose_change(ScheduleState& state,
                   DeviceState& device,
                   LaneState& lane,
                   const ResidencyPlanner::Choice& choice,
                   TimePoint now) {
  ChangeState& change = new_change(device);
  change.lane = &lane;
  change.placement = choice.placement;
  change.facts = lane.placements[choice.placement];
  change.mask = change.facts.sub_devices;
  change.locked = change.mask;
  change.reason = choice.reason;
  change.is_full_turn = is_next_by_share(lane, now);
  for (const std::uint32_t index : choice.victims) {
    change.victims.push_back(device.residences[index].get());
  }
  pause_others(device, change);
  ++lane.coming;
  lane.refusal = DecisionReason::kNone;
  state.ring.add(decision_of(DecisionKind::kSwapChosen, change, now));
}

void note_wait(ScheduleState& state,
               const DeviceState& device,
               LaneState& lane,
               const ResidencyPlanner::Choice& choice,
               TimePoint now) {
  if (lane.refusal == choice.reason) {
    return;
  }
  lane.refusal = choice.reason;
  Decision decision = decision_of(DecisionKind::kWaited, lane, now);
  decision.reason = choice.reason;
  decision.other = choice.holder < device.residences.size()
                       ? device.residences[choice.holder]->lane->package->number
                       : lane.package->number;
  state.ring.add(decision);
}

/// Sends out what was removed.
void plan_removals(ScheduleState& state, DeviceState& device, TimePoint now) {
  for (std::size_t i = 0; i < device.residences.size(); ++i) {
    ResidenceState& one = *device.residences[i];
    if (!one.lane->is_removed || one.drains > 0 || one.state != Stage::kReady) {
      continue;
    }
    if (one.lane->always_resident) {
      if (one.in_flight == 0) {
        count_out(one);
        drop_residence(device, one);
        --i;
      }
      continue;
    }
    ChangeState& change = new_change(device);
    change.lane = one.lane;
    change.placement = one.placement;
    change.mask = one.mask;
    change.only_out = true;
    change.reason = DecisionReason::kRemoved;
    change.victims.push_back(&one);
    pause_others(device, change);
    ++one.lane->coming;
    Decision decision = decision_of(DecisionKind::kSwapChosen, *one.lane, now);
    decision.number = change.epoch;
    decision.reason = change.reason;
    decision.other = one.lane->package->number;
    state.ring.add(decision);
  }
}

}  // namespace

void plan_changes(ScheduleState& state,
                  DeviceState& device,
                  TimePoint now,
                  std::optional<TimePoint>& wake) {
  if (device.state != SchedulerSnapshot::DeviceState::kUp) {
    return;
  }
  if (state.has_removed) {
    plan_removals(state, device, now);
  }
  state.wanting.clear();
  for (LaneState* lane : device.active) {
    if (wants_place(*lane, now)) {
      state.wanting.push_back(lane);
    }
  }
  if (state.wanting.empty()) {
    return;
  }
  std::sort(state.wanting.begin(), state.wanting.end(), [&](const auto* a, const auto* b) {
    const Standing left = standing_of(*a, now);
    const Standing right = standing_of(*b, now);
    // A first place goes before a second one.
    return left.is_resident != right.is_resident ? right.is_resident : precedes(left, right);
  });
  SubDeviceMask blocked = 0;
  for (const auto& change : device.changes) {
    blocked |= change->locked;
  }
  for (LaneState* lane : state.wanting) {
    list_residents(state, device, *lane, now);
    const auto choice = state.planner.choose(device.capacity,
                                             state.residents,
                                             lane->placements,
                                             {blocked, lane->max_sub_devices - lane->held});
    if (!choice.has_value()) {
      continue;
    }
    if (choice->is_allowed) {
      choose_change(state, device, *lane, *choice, now);
      blocked |= device.changes.back()->locked;
      continue;
    }
    if (lane->residences == 0) {
      note_wait(state, device, *lane, *choice, now);
      earlier(wake, choice->ask_at, now);
      // Its place is kept for it, if it becomes free by itself: a stream of small packages must
      // not keep a large one out.
      blocked |= choice->reason == DecisionReason::kLowerClass
                     ? 0
                     : lane->placements[choice->placement].sub_devices;
    } else {
      earlier(wake, choice->ask_at, now);
    }
  }
}

}  // namespace penstock
