#include "engine/schedule/state_snapshot.h"

#include "engine/schedule/wait_bound.h"

namespace penstock {
namespace {

SchedulerSnapshot::Device device_of(const DeviceState& device) {
  SchedulerSnapshot::Device one;
  one.device = device.number;
  one.state = device.state;
  one.batches = device.batches;
  one.swaps = device.swaps;
  one.swap_time = device.swap_time;
  one.busy_time = device.busy_time;
  one.faults = device.faults;
  for (const auto& residence : device.residences) {
    const bool drains = residence->drains > 0;
    one.residences.push_back(
        {residence->lane->package->number,
         residence->mask,
         residence->in_flight,
         residence->depth,
         residence->turn.frames,
         residence->turn.time,
         drains ? SchedulerSnapshot::ResidenceState::kDraining : residence->state});
  }
  return one;
}

SchedulerSnapshot::Flow flow_of(const ScheduleState& state, const FlowState& flow, TimePoint now) {
  SchedulerSnapshot::Flow one;
  one.flow = flow.number;
  one.client = flow.client->number;
  one.package = flow.package->number;
  one.stream = flow.stream;
  one.queued = flow.queue.frames;
  one.running = flow.running;
  if (!flow.queue.empty()) {
    one.oldest_age = now - state.requests.at(state.requests.head_of(flow.queue)).admitted_at;
  }
  one.wait_bound = wait_bound_of(state, flow).value_or(Duration{0});
  return one;
}

}  // namespace

SchedulerSnapshot snapshot_of(const ScheduleState& state, TimePoint now) {
  SchedulerSnapshot all;
  for (const DeviceState* device : state.devices) {
    if (device == nullptr) {
      continue;
    }
    all.devices.push_back(device_of(*device));
    for (const auto& lane : device->lanes) {
      all.lanes.push_back({lane->package->number,
                           device->number,
                           lane->queued_frames,
                           lane->swap_cost,
                           lane->loads.failures(),
                           lane->loads.is_given_up() || lane->failing.is_given_up()});
    }
  }
  for (const FlowState* flow : state.flows) {
    if (flow == nullptr) {
      continue;
    }
    all.flows.push_back(flow_of(state, *flow, now));
    for (const auto& lane : flow->lanes) {
      if (lane->times != nullptr) {
        all.times.push_back({flow->number,
                             lane->lane->device->number,
                             lane->times->queue,
                             lane->times->swap,
                             lane->times->run,
                             lane->times->total});
      }
    }
  }
  for (const ClientState* client : state.clients) {
    if (client == nullptr) {
      continue;
    }
    all.clients.push_back({client->number, client->outputs_held, client->finished});
  }
  all.finished = state.finished_count;
  all.requests_held = state.requests.size();
  all.batches_out = state.batches_out;
  all.stale = state.stale;
  all.decisions = state.ring.list();
  all.decision_count = state.ring.total();
  return all;
}

}  // namespace penstock
