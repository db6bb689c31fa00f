#include "engine/schedule/faults.h"

#include <algorithm>

#include "engine/schedule/membership.h"
#include "engine/schedule/residence.h"
#include "engine/schedule/waiting.h"

namespace penstock {
namespace {

using State = SchedulerSnapshot::DeviceState;

Decision decision_of(DecisionKind kind,
                     const DeviceState& device,
                     std::uint32_t count,
                     TimePoint now) {
  Decision decision;
  decision.kind = kind;
  decision.time = now;
  decision.device = device.number;
  decision.count = count;
  return decision;
}

void route_flows_of(ScheduleState& state, DeviceState& device, TimePoint now) {
  for (std::size_t i = 0; i < device.lanes.size(); ++i) {
    route_all(state, *device.lanes[i]->package, now);
  }
}

void note_finding(ScheduleState& state,
                  Finding::Kind kind,
                  const DeviceState& device,
                  PackageNumber package,
                  DecisionReason reason) {
  Finding finding;
  finding.kind = kind;
  finding.device = device.number;
  finding.package = package;
  finding.reason = reason;
  state.findings.push_back(finding);
}

/// Batches of the device belong to the past: they end with their `BatchDone`, but hold no place.
void detach_batches(ScheduleState& state, const DeviceState& device) {
  for (const auto& batch : state.batches) {
    if (batch->is_out && batch->device == &device) {
      batch->residence = nullptr;
      state.limits.take(batch->limit);
    }
  }
}

void abandon_batches(ScheduleState& state, const DeviceState& device, TimePoint now) {
  for (const auto& batch : state.batches) {
    if (batch->is_out && batch->device == &device) {
      abandon(state, *batch, now);
    }
  }
}

/// What a reset should have ended has some more time for it.
void give_last_time(ScheduleState& state, const DeviceState& device, TimePoint now) {
  for (const auto& batch : state.batches) {
    if (batch->is_out && batch->device == &device) {
      state.limits.put(batch->limit, now + state.knobs.job_limit);
    }
  }
}

bool is_shared(const LaneState& lane) {
  const auto& all = lane.device->lanes;
  return std::any_of(all.begin(), all.end(), [&](const auto& other) {
    return other.get() != &lane && !is_hopeless(*other);
  });
}

/// Keeps the package away from the device until its back-off ends, or for good.
void keep_away(ScheduleState& state, LaneState& lane, DecisionReason reason, TimePoint now) {
  const bool is_given_up = lane.failing.is_given_up();
  lane.is_quarantined = !is_given_up;
  Decision decision;
  decision.kind = is_given_up ? DecisionKind::kPackageGivenUp : DecisionKind::kPackageAway;
  decision.reason = reason;
  decision.time = now;
  decision.device = lane.device->number;
  decision.package = lane.package->number;
  decision.cost = is_given_up ? Duration{0} : lane.failing.retry_at() - now;
  decision.count = lane.failing.failures();
  state.ring.add(decision);
  note_finding(state,
               is_given_up ? Finding::Kind::kPackageGivenUp : Finding::Kind::kPackageAway,
               *lane.device,
               decision.package,
               reason);
  state.findings.back().away = decision.cost;
  mark_dirty(state, *lane.device);
  route_all(state, *lane.package, now);
}

}  // namespace

void accuse(ScheduleState& state, const Charge& charge, TimePoint now) {
  LaneState& lane = *charge.lane;
  DeviceState& device = *lane.device;
  const FaultCause cause{charge.reason, charge.reported, lane.package->number};
  if (charge.reason == DecisionReason::kJobsLeft) {
    fault_device(state, device, cause, now);
    return;
  }
  const bool is_fault = charge.reason != DecisionReason::kJobsFail;
  const bool shared = is_shared(lane);
  // Others had success since its first failure, or the device was reset for it already.
  const bool is_its_own =
      lane.is_suspect || (!is_fault && device.failed_in_row < state.knobs.fail_limit);
  const bool is_given_up = (shared || !is_fault) && lane.failing.fail(now);
  lane.is_suspect = true;
  lane.failed_in_row = 0;
  lane.good_since = 0;
  const bool stays_away = is_given_up || (shared && is_its_own);
  if (stays_away) {
    keep_away(state, lane, charge.reason, now);
    // Nor do the others wait longer for a device that is not to blame.
    device.resets.forgive();
  }
  if (is_fault || !stays_away) {
    fault_device(state, device, cause, now);
    // A single success forgives a device, but not this.
    if (!stays_away && device.reset_at.has_value() && lane.failing.failures() > 1) {
      device.reset_at = std::max(*device.reset_at, lane.failing.retry_at());
    }
  }
}

void fault_in_change(ScheduleState& state, DeviceState& device, FaultCause cause, TimePoint now) {
  LaneState* lane = nullptr;
  for (const auto& change : device.changes) {
    lane = change->is_started && !change->only_out ? change->lane : lane;
  }
  if (lane == nullptr || device.state != State::kUp) {
    fault_device(state, device, cause, now);
    return;
  }
  accuse(state, {lane, cause.reason, cause.reported}, now);
}

void fault_device(ScheduleState& state, DeviceState& device, FaultCause cause, TimePoint now) {
  if (device.state == State::kGivenUp || device.state == State::kFault) {
    return;
  }
  const bool was_resetting = device.state == State::kResetting;
  ++device.faults;
  device.failed_in_row = 0;
  Decision decision = decision_of(DecisionKind::kDeviceFault, device, cause.reported, now);
  decision.reason = cause.reason;
  state.ring.add(decision);
  detach_batches(state, device);
  drop_all_residences(device);
  device.answer_until.reset();
  // The first reset is asked for at once; each further one waits longer.
  const bool is_first = device.resets.failures() == 0 && !was_resetting;
  const bool is_given_up = device.resets.fail(now);
  if (is_given_up) {
    device.state = State::kGivenUp;
    device.reset_at.reset();
    state.ring.add(
        decision_of(DecisionKind::kDeviceGivenUp, device, device.resets.failures(), now));
  } else {
    device.state = State::kFault;
    device.reset_at = is_first ? now : device.resets.retry_at();
  }
  if (is_given_up || cause.reason != DecisionReason::kReported) {
    note_finding(state,
                 is_given_up ? Finding::Kind::kDeviceGivenUp : Finding::Kind::kDeviceFault,
                 device,
                 cause.package,
                 cause.reason);
  }
  mark_dirty(state, device);
  route_flows_of(state, device, now);
  if (is_given_up || !is_first) {
    abandon_batches(state, device, now);
  }
}

void device_ready(ScheduleState& state, const DeviceReady& event, TimePoint now) {
  DeviceState* device = find_by(state.devices, event.device);
  if (device == nullptr || device->state == State::kUp) {
    return;
  }
  if (device->state == State::kGivenUp) {
    device->resets.forgive();
    for (const auto& lane : device->lanes) {
      lane->failing.forgive();
    }
  }
  device->state = State::kUp;
  device->reset_at.reset();
  device->answer_until.reset();
  state.ring.add(decision_of(DecisionKind::kDeviceReady, *device, 0, now));
  give_last_time(state, *device, now);
  for (const auto& lane : device->lanes) {
    // Whatever kept it from coming in may be over with the reset.
    lane->loads.forgive();
    if (lane->is_quarantined && lane->failing.failures() > 0) {
      // The others show first whether it works without this one.
      lane->failing.wait_anew(now);
    }
    if (lane->always_resident && !lane->is_removed && lane->residences == 0) {
      add_permanent_residence(state, *lane, now);
    }
  }
  mark_dirty(state, *device);
  route_flows_of(state, *device, now);
}

void remove_device(ScheduleState& state, const RemoveDevice& event, TimePoint now) {
  DeviceState* device = find_by(state.devices, event.device);
  if (device == nullptr) {
    return;
  }
  detach_batches(state, *device);
  drop_all_residences(*device);
  device->is_removed = true;
  device->state = State::kGivenUp;
  device->reset_at.reset();
  device->answer_until.reset();
  route_flows_of(state, *device, now);
  state.devices[event.device.index()] = nullptr;
  state.has_removed = true;
}

std::optional<TimePoint> watch_device(ScheduleState& state,
                                      DeviceState& device,
                                      TimePoint now,
                                      SchedulerActions& out) {
  if (device.answer_until.has_value() && *device.answer_until <= now) {
    fault_device(state, device, {DecisionReason::kResetOverdue}, now);
  }
  std::optional<TimePoint> oldest;
  for (const auto& change : device.changes) {
    if (change->is_started) {
      // Who carries it out watches the limit itself; twice as long is too long for an answer.
      const TimePoint limit = change->started_at + 2 * change->limit;
      oldest = std::min(oldest.value_or(limit), limit);
    }
  }
  if (oldest.has_value() && *oldest <= now) {
    fault_in_change(state, device, {DecisionReason::kChangeOverdue}, now);
    oldest.reset();
  }
  if (device.state == State::kFault && *device.reset_at <= now) {
    device.state = State::kResetting;
    device.reset_at.reset();
    device.answer_until = now + state.knobs.reset_limit;
    out.add(ResetDevice{device.number, device.resets.failures()});
    state.ring.add(decision_of(DecisionKind::kReset, device, device.resets.failures(), now));
  }
  if (device.state == State::kFault) {
    return device.reset_at;
  }
  return device.state == State::kResetting ? device.answer_until : oldest;
}

}  // namespace penstock
