#include "engine/schedule/residence.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "engine/schedule/dispatch.h"
#include "engine/schedule/membership.h"
#include "engine/schedule/waiting.h"

namespace penstock {
namespace {

using Stage = SchedulerSnapshot::ResidenceState;

Decision decision_of(DecisionKind kind, const LaneState& lane, TimePoint now) {
  Decision decision;
  decision.kind = kind;
  decision.time = now;
  decision.device = lane.device->number;
  decision.package = lane.package->number;
  return decision;
}

void earlier(std::optional<TimePoint>& wake, std::optional<TimePoint> at, TimePoint now) {
  if (at.has_value() && *at > now && (!wake.has_value() || *at < *wake)) {
    wake = at;
  }
}

/// Returns whether the lane has work that what is resident of it cannot take.
bool wants_place(const LaneState& lane, TimePoint now) {
  if (lane.always_resident || lane.is_removed || lane.is_quarantined || lane.loads.is_given_up() ||
      lane.coming > 0 || !standing_of(lane, now).has_work) {
    return false;
  }
  if (lane.residences == 0) {
    return true;
  }
  if (lane.residences >= lane.placements.size()) {
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
                                 {false, DecisionReason::kReserved, std::nullopt}});
    }
  }
}

ChangeState& new_change(DeviceState& device) {
  auto made = device.spare_changes.empty() ? std::make_unique<ChangeState>()
                                           : std::move(device.spare_changes.back());
  if (!device.spare_changes.empty()) {
    device.spare_changes.pop_back();
  }
  ChangeState fresh;
  fresh.victims.swap(made->victims);
  fresh.paused.swap(made->paused);
  *made = std::move(fresh);
  made->victims.clear();
  made->paused.clear();
  made->epoch = ++device.epoch;
  device.changes.push_back(std::move(made));
  return *device.changes.back();
}

void drop_change(DeviceState& device, const ChangeState& change) {
  const auto at = std::find_if(device.changes.begin(), device.changes.end(), [&](const auto& one) {
    return one.get() == &change;
  });
  device.spare_changes.push_back(std::move(*at));
  device.changes.erase(at);
}

/// Stops everything that lies on the sub-devices of the change.
void pause_others(DeviceState& device, ChangeState& change) {
  for (ResidenceState* victim : change.victims) {
    ++victim->drains;
    change.locked |= victim->mask;
  }
  for (const auto& one : device.residences) {
    const bool leaves =
        std::find(change.victims.begin(), change.victims.end(), one.get()) != change.victims.end();
    if (!leaves && (one->mask & change.mask) != 0) {
      ++one->drains;
      change.paused.push_back(one.get());
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
  Decision decision = decision_of(DecisionKind::kSwapChosen, lane, now);
  decision.number = change.epoch;
  decision.reason = choice.reason;
  decision.count = static_cast<std::uint32_t>(change.victims.size());
  decision.other =
      change.victims.empty() ? lane.package->number : change.victims.front()->lane->package->number;
  state.ring.add(decision);
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
        --one.lane->residences;
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

void resume_paused(ChangeState& change) {
  for (ResidenceState* one : change.paused) {
    --one->drains;
  }
  change.paused.clear();
}

bool is_drained(const ChangeState& change) {
  const auto rests = [](const ResidenceState* one) { return one->in_flight == 0; };
  return std::all_of(change.victims.begin(), change.victims.end(), rests) &&
         std::all_of(change.paused.begin(), change.paused.end(), rests);
}

/// Returns how long a change may take before its device counts as hung: by far more than it took
/// before, or is estimated to; `change_limit` where nothing is known.
Duration limit_of(const SchedulerKnobs& knobs, const ChangeState& change) {
  constexpr int kFactor = 10;
  bool is_known = change.only_out || change.lane->swap_cost > Duration{0};
  Duration expected = change.only_out ? Duration{0} : change.lane->swap_cost;
  for (const ResidenceState* victim : change.victims) {
    is_known = is_known && victim->lane->swap_cost > Duration{0};
    expected += victim->lane->swap_cost;
  }
  if (!is_known || expected > knobs.change_limit / kFactor) {
    return knobs.change_limit;
  }
  return std::min(knobs.change_limit, knobs.change_floor + kFactor * expected);
}

void send_change(ScheduleState& state,
                 DeviceState& device,
                 ChangeState& change,
                 TimePoint now,
                 SchedulerActions& out) {
  LaneState& lane = *change.lane;
  Decision decision = decision_of(DecisionKind::kSwapStarted, lane, now);
  decision.number = change.epoch;
  decision.reason = change.reason;
  decision.count = static_cast<std::uint32_t>(change.victims.size());
  decision.other =
      change.victims.empty() ? lane.package->number : change.victims.front()->lane->package->number;
  state.ring.add(decision);
  change.limit = limit_of(state.knobs, change);
  state.outgoing.clear();
  device.swaps += !change.only_out && !change.victims.empty() ? 1 : 0;
  change.evicts = !change.only_out && !change.victims.empty();
  for (ResidenceState* victim : change.victims) {
    state.outgoing.push_back({victim->lane->package->number, victim->placement, victim->epoch});
    --victim->lane->residences;
    drop_residence(device, *victim);
  }
  change.victims.clear();
  change.is_started = true;
  change.started_at = now;
  if (!change.only_out) {
    const PlacementFacts& facts = change.facts;
    ResidenceState& incoming = new_residence(device);
    incoming.lane = &lane;
    incoming.placement = change.placement;
    incoming.mask = facts.sub_devices;
    incoming.cores = static_cast<std::uint32_t>(std::popcount(facts.sub_devices));
    incoming.depth = std::max<std::uint32_t>(facts.depth, 1);
    incoming.memory_bytes = facts.memory_bytes;
    incoming.shared_bytes = facts.shared_bytes;
    incoming.epoch = change.epoch;
    incoming.state = Stage::kComingIn;
    change.incoming = &incoming;
  }
  out.add(ChangeResidence{device.number,
                          change.epoch,
                          change.mask,
                          lane.package->number,
                          change.placement,
                          out.keep(std::span<const ChangeResidence::Outgoing>(state.outgoing)),
                          change.only_out,
                          change.limit});
}

void come_in(ScheduleState& state, ChangeState& change, TimePoint now) {
  LaneState& lane = *change.lane;
  const Duration took = now - change.started_at;
  lane.swap_cost = took;
  lane.longest_swap = std::max(lane.longest_swap, took);
  lane.swap_started = change.started_at;
  lane.swap_ended = now;
  lane.loads.forgive();
  ResidenceState& incoming = *change.incoming;
  incoming.state = Stage::kReady;
  incoming.turn = Turn{};
  incoming.turn.is_full = change.is_full_turn;
  incoming.turn.active_at = now;
  incoming.last_completion = now;
  ++lane.residences;
  Decision decision = decision_of(DecisionKind::kSwapDone, lane, now);
  decision.number = change.epoch;
  decision.reason = change.reason;
  decision.cost = took;
  state.ring.add(decision);
}

void stay_away(ScheduleState& state, DeviceState& device, ChangeState& change, TimePoint now) {
  LaneState& lane = *change.lane;
  drop_residence(device, *change.incoming);
  const bool is_given_up = lane.loads.fail(now);
  lane.is_quarantined = !is_given_up;
  Decision decision = decision_of(
      is_given_up ? DecisionKind::kPackageGivenUp : DecisionKind::kSwapFailed, lane, now);
  decision.number = change.epoch;
  decision.cost = now - change.started_at;
  decision.count = lane.loads.failures();
  state.ring.add(decision);
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
    const auto choice =
        state.planner.choose(device.capacity, state.residents, lane->placements, blocked);
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

bool start_changes(ScheduleState& state,
                   DeviceState& device,
                   TimePoint now,
                   SchedulerActions& out) {
  bool any_dropped = false;
  for (std::size_t i = 0; i < device.changes.size(); ++i) {
    ChangeState& change = *device.changes[i];
    if (change.is_started || !is_drained(change)) {
      continue;
    }
    const bool is_wanted =
        change.only_out || (!change.lane->is_removed && standing_of(*change.lane, now).has_work);
    if (is_wanted) {
      send_change(state, device, change, now, out);
      continue;
    }
    Decision decision = decision_of(DecisionKind::kSwapDropped, *change.lane, now);
    decision.number = change.epoch;
    decision.reason = DecisionReason::kQueueEmpty;
    state.ring.add(decision);
    for (ResidenceState* victim : change.victims) {
      --victim->drains;
    }
    resume_paused(change);
    --change.lane->coming;
    drop_change(device, change);
    --i;
    any_dropped = true;
  }
  return any_dropped;
}

void residence_changed(ScheduleState& state, const ResidenceChanged& event, TimePoint now) {
  DeviceState* device = find_by(state.devices, event.device);
  ChangeState* change = nullptr;
  if (device != nullptr) {
    for (const auto& one : device->changes) {
      change = one->is_started && one->epoch == event.epoch ? one.get() : change;
    }
  }
  if (change == nullptr) {
    ++state.stale;
    Decision decision;
    decision.kind = DecisionKind::kStale;
    decision.time = now;
    decision.device = event.device;
    decision.number = event.epoch;
    state.ring.add(decision);
    return;
  }
  LaneState& lane = *change->lane;
  resume_paused(*change);
  --lane.coming;
  const Duration took = now - change->started_at;
  device->budget.note(change->locked, now, took);
  device->swap_time += change->evicts ? took : Duration{0};
  const bool has_failed = event.code != Errc::kOk;
  if (change->only_out) {
    // Whatever the device says, it is out of our books.
  } else if (has_failed) {
    stay_away(state, *device, *change, now);
  } else {
    come_in(state, *change, now);
  }
  drop_change(*device, *change);
  mark_dirty(state, *device);
  if (has_failed) {
    route_all(state, *lane.package, now);
  }
}

std::optional<TimePoint> end_quarantines(ScheduleState& state, DeviceState& device, TimePoint now) {
  std::optional<TimePoint> next;
  for (const auto& lane : device.lanes) {
    if (!lane->is_quarantined) {
      continue;
    }
    if (lane->loads.is_waiting(now)) {
      earlier(next, lane->loads.retry_at(), now);
      continue;
    }
    lane->is_quarantined = false;
    route_all(state, *lane->package, now);
  }
  return next;
}

void drop_all_residences(DeviceState& device) {
  while (!device.changes.empty()) {
    ChangeState& change = *device.changes.back();
    --change.lane->coming;
    if (change.incoming != nullptr) {
      drop_residence(device, *change.incoming);
    }
    drop_change(device, change);
  }
  while (!device.residences.empty()) {
    ResidenceState& residence = *device.residences.back();
    --residence.lane->residences;
    drop_residence(device, residence);
  }
}

}  // namespace penstock
