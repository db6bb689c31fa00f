#include "engine/schedule/scheduler.h"

#include <algorithm>
#include <bit>
#include <utility>
#include <variant>

#include "engine/schedule/batch_end.h"
#include "engine/schedule/dispatch.h"
#include "engine/schedule/faults.h"
#include "engine/schedule/intake.h"
#include "engine/schedule/membership.h"
#include "engine/schedule/residence.h"
#include "engine/schedule/residence_plan.h"
#include "engine/schedule/schedule_state.h"
#include "engine/schedule/state_snapshot.h"
#include "engine/schedule/wait_bound.h"
#include "engine/schedule/waiting.h"

namespace penstock {
namespace {

void earlier(std::optional<TimePoint>& wake, std::optional<TimePoint> at) {
  if (at.has_value() && (!wake.has_value() || *at < *wake)) {
    wake = at;
  }
}

/// When time alone makes one of the device's lanes able to do something.
std::optional<TimePoint> next_readiness(const DeviceState& device, TimePoint now) {
  std::optional<TimePoint> wake;
  if (device.state != SchedulerSnapshot::DeviceState::kUp) {
    return wake;
  }
  for (const LaneState* lane : device.active) {
    // One of several places may be left alone for its slowness, until a head is overdue.
    const bool runs = lane->residences == 1 && lane->queue.top_client() != nullptr;
    if (!runs && !lane->due.empty() && lane->due.top_key() > now) {
      earlier(wake, lane->due.top_key());
    }
    if (lane->residences > 0 && !lane->arrivals.empty()) {
      const TimePoint full = lane->arrivals.top_key() + lane->package->batch.wait;
      earlier(wake, full > now ? std::optional(full) : std::nullopt);
    }
  }
  return wake;
}

/// What a device may still write into is known before anything of it ends or runs again.
void flush_abandoned(ScheduleState& state, SchedulerActions& out) {
  for (const AbandonBatch& abandoned : state.abandoned) {
    out.add(abandoned);
  }
  state.abandoned.clear();
}

/// Brings one device up to date.
void serve(ScheduleState& state, DeviceState& device, TimePoint now, SchedulerActions& out) {
  std::optional<TimePoint> wake;
  if (device.state != SchedulerSnapshot::DeviceState::kUp || !device.changes.empty()) {
    wake = watch_device(state, device, now, out);
    flush_abandoned(state, out);
  }
  earlier(wake, end_quarantines(state, device, now));
  start_changes(state, device, now, out);
  dispatch(state, device, now, out);
  plan_changes(state, device, now, wake);
  if (start_changes(state, device, now, out)) {
    dispatch(state, device, now, out);
  }
  earlier(wake, next_readiness(device, now));
  device.wake_at = wake;
}

void flush_finished(ScheduleState& state, SchedulerActions& out) {
  for (const Finding& finding : state.findings) {
    out.add(finding);
  }
  state.findings.clear();
  flush_abandoned(state, out);
  for (const FinishRequest& finished : state.finished) {
    out.add(finished);
  }
  state.finished.clear();
}

void flush(ScheduleState& state, SchedulerActions& out) {
  flush_finished(state, out);
  for (ClientShare* share : state.freed_shares) {
    share->is_freed = false;
    for (FlowState* flow : share->told_full) {
      flow->was_told_full = false;
      out.add(RoomAvailable{flow->number});
    }
    share->told_full.clear();
  }
  state.freed_shares.clear();
}

/// Applies each kind of event.
struct Apply {
  ScheduleState& state;
  TimePoint now;

  void operator()(const AddDevice& event) const { add_device(state, event); }

  void operator()(const RemoveDevice& event) const { remove_device(state, event, now); }

  void operator()(const AddPackage& event) const { add_package(state, event); }

  void operator()(const PlacePackage& event) const { place_package(state, event, now); }

  void operator()(const RemovePackage& event) const { remove_package(state, event, now); }

  void operator()(const AddClient& event) const { add_client(state, event); }

  void operator()(const RemoveClient& event) const { remove_client(state, event, now); }

  void operator()(const OpenFlow& event) const { open_flow(state, event, now); }

  void operator()(const CloseFlow& event) const {
    if (FlowState* flow = find_by(state.flows, event.flow); flow != nullptr) {
      close_flow(state, *flow, FinishReason::kCancelled, now);
    }
  }

  void operator()(const SetClientKnobs& event) const { set_knobs(state, event, now); }

  void operator()(const SetFlowKnobs& event) const { set_knobs(state, event, now); }

  void operator()(const CancelRequest& event) const { cancel(state, event, now); }

  void operator()(const BatchDone& event) const {
    if (const auto charge = complete(state, event, now); charge.has_value()) {
      accuse(state, *charge, now);
    }
  }

  void operator()(const OutputTaken& event) const { take_outputs(state, event, now); }

  void operator()(const ResidenceChanged& event) const {
    if (DeviceState* lost = residence_changed(state, event, now); lost != nullptr) {
      fault_in_change(state, *lost, {DecisionReason::kChangeLost}, now);
    }
  }

  void operator()(const DeviceFaulted& event) const {
    if (DeviceState* device = find_by(state.devices, event.device); device != nullptr) {
      fault_in_change(state, *device, {DecisionReason::kReported, event.reason}, now);
    }
  }

  void operator()(const DeviceReady& event) const { device_ready(state, event, now); }
};

}  // namespace

Scheduler::Scheduler(const SchedulerKnobs& knobs)
    : state_(std::make_unique<ScheduleState>(knobs)) {}

Scheduler::Scheduler(Scheduler&& other) noexcept = default;
Scheduler& Scheduler::operator=(Scheduler&& other) noexcept = default;
Scheduler::~Scheduler() = default;

Admission Scheduler::admit(const SubmitRequest& request, TimePoint now) {
  return penstock::admit(*state_, request, now);
}

void Scheduler::apply(const SchedulerEvent& event, TimePoint now) {
  std::visit(Apply{*state_, now}, event);
}

std::optional<TimePoint> Scheduler::decide(TimePoint now, SchedulerActions& out) {
  ScheduleState& state = *state_;
  pass_time(state, now);
  while (const auto charge = check_limits(state, now, out)) {
    accuse(state, *charge, now);
  }
  // What ended gives its buffers back before anything new starts.
  flush_finished(state, out);
  for (const DeviceState* device : state.devices) {
    if (device != nullptr && device->wake_at.has_value() && *device->wake_at <= now) {
      mark_dirty(state, *device);
    }
  }
  // Whoever is served may make others dirty, by what moves to them; itself it leaves settled. A
  // head that starts may leave one behind it whose deadline has passed.
  while (state.dirty != 0) {
    const auto number = static_cast<std::uint32_t>(std::countr_zero(state.dirty));
    DeviceState* device = find_by(state.devices, DeviceNumber{number});
    if (device != nullptr) {
      serve(state, *device, now, out);
    }
    state.dirty &= ~(std::uint64_t{1} << number);
    pass_time(state, now);
  }
  flush(state, out);
  forget(state);
  std::optional<TimePoint> wake;
  for (const DeviceState* device : state.devices) {
    if (device != nullptr) {
      earlier(wake, device->wake_at);
    }
  }
  earlier(wake, state.paced.empty() ? std::nullopt : std::optional(state.paced.top_key()));
  earlier(wake, state.expiries.empty() ? std::nullopt : std::optional(state.expiries.top_key()));
  earlier(wake, state.limits.empty() ? std::nullopt : std::optional(state.limits.top_key()));
  return wake;
}

std::optional<Duration> Scheduler::published_wait_bound(FlowNumber flow) const {
  const FlowState* found = find_by(state_->flows, flow);
  return found == nullptr ? std::nullopt : wait_bound_of(*state_, *found);
}

SchedulerSnapshot Scheduler::snapshot(TimePoint now) const {
  return snapshot_of(*state_, now);
}

std::size_t Scheduler::requests_held() const noexcept {
  return state_->requests.size();
}

}  // namespace penstock
