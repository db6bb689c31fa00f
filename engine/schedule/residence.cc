#include "engine/schedule/residence.h"

#include <algorithm>

#include "engine/schedule/dispatch.h"
#include "engine/schedule/membership.h"
#include "engine/schedule/residence_change.h"
#include "engine/schedule/waiting.h"

namespace penstock {
namespace {

using Stage = SchedulerSnapshot::ResidenceState;

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
  state.ring.add(decision_of(DecisionKind::kSwapStarted, change, now));
  change.limit = limit_of(state.knobs, change);
  state.outgoing.clear();
  device.swaps += !change.only_out && !change.victims.empty() ? 1 : 0;
  change.evicts = !change.only_out && !change.victims.empty();
  for (ResidenceState* victim : change.victims) {
    state.outgoing.push_back({victim->lane->package->number, victim->placement, victim->epoch});
    count_out(*victim);
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
    incoming.cores = width_of(facts);
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
  count_in(incoming);
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

bool start_changes(ScheduleState& state,
                   DeviceState& device,
                   TimePoint now,
                   SchedulerActions& out) {
  bool any_dropped = false;
  bool is_changing = std::any_of(device.changes.begin(),
                                 device.changes.end(),
                                 [](const auto& change) { return change->is_started; });
  for (std::size_t i = 0; i < device.changes.size(); ++i) {
    ChangeState& change = *device.changes[i];
    if (change.is_started || !is_drained(change)) {
      continue;
    }
    const bool is_wanted =
        change.only_out || (!change.lane->is_removed && standing_of(*change.lane, now).has_work);
    if (is_wanted) {
      if (!is_changing) {
        send_change(state, device, change, now, out);
        is_changing = true;
      }
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

DeviceState* residence_changed(ScheduleState& state, const ResidenceChanged& event, TimePoint now) {
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
    return nullptr;
  }
  if (event.code == Errc::kDeviceLost) {
    return device;  // The fault ends the change in the books, with all else.
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
  return nullptr;
}

std::optional<TimePoint> end_quarantines(ScheduleState& state, DeviceState& device, TimePoint now) {
  std::optional<TimePoint> next;
  if (device.state != SchedulerSnapshot::DeviceState::kUp) {
    return next;  // What keeps a package away is judged anew when the device is back.
  }
  for (const auto& lane : device.lanes) {
    if (!lane->is_quarantined) {
      continue;
    }
    const TimePoint until = std::max(lane->loads.retry_at(), lane->failing.retry_at());
    if (until > now) {
      earlier(next, until, now);
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
    count_out(residence);
    drop_residence(device, residence);
  }
}

}  // namespace penstock
