#include "engine/schedule/waiting.h"

#include <algorithm>

namespace penstock {
namespace {

void enter_fair(FlowLane& lane) {
  ClientState& client = *lane.client->client;
  const std::uint8_t rank = lane.client->fair.rank;
  const std::size_t at = tag_index(*lane.lane->device, rank);
  const bool was_in = lane.client->fair.node.is_in();
  lane.client->fair.tag = client.tags[at];
  lane.lane->queue.insert(
      lane.fair, lane.lane->device->floor[rank], client.active[at] > 0, lane.flow->is_parked);
  client.tags[at] = lane.client->fair.tag;
  client.active[at] += was_in ? 0 : 1;
}

void leave_fair(FlowLane& lane) noexcept {
  if (!lane.fair.node.is_in()) {
    return;
  }
  lane.lane->queue.remove(lane.fair);
  if (!lane.client->fair.node.is_in()) {
    --lane.client->client->active[tag_index(*lane.lane->device, lane.client->fair.rank)];
  }
}

/// Brings the keys of a waiting flow up to its head.
void update_keys(const ScheduleState& state, FlowLane& lane) {
  const FlowState& flow = *lane.flow;
  if (flow.knobs.max_wait != FlowKnobs::kOff) {
    lane.lane->due.put(lane.due, flow.head_since + flow.knobs.max_wait);
  } else {
    lane.lane->due.take(lane.due);
  }
  if (lane.lane->package->batch.preferred_frames > 1) {
    const RequestSlot head = state.requests.head_of(flow.queue);
    lane.lane->arrivals.put(lane.arrival, state.requests.at(head).admitted_at);
  }
  if (flow.is_ready && !lane.fair.node.is_in()) {
    enter_fair(lane);
  }
}

void enter_lane(ScheduleState& state, FlowLane& lane) {
  LaneState& to = *lane.lane;
  if (to.linked++ == 0) {
    to.active_index = static_cast<std::uint32_t>(to.device->active.size());
    to.device->active.push_back(&to);
  }
  to.queued_frames += lane.flow->queue.frames;
  lane.is_in = true;
  update_keys(state, lane);
  mark_dirty(state, *to.device);
}

void leave_lane(ScheduleState& state, FlowLane& lane) noexcept {
  LaneState& from = *lane.lane;
  leave_fair(lane);
  from.due.take(lane.due);
  from.arrivals.take(lane.arrival);
  from.queued_frames -= lane.flow->queue.frames;
  lane.is_in = false;
  if (--from.linked == 0) {
    auto& active = from.device->active;
    active[from.active_index] = active.back();
    active[from.active_index]->active_index = from.active_index;
    active.pop_back();
  }
  mark_dirty(state, *from.device);
}

std::uint32_t wanted_frames(const FlowKnobs& knobs) noexcept {
  return std::min(knobs.min_frames, knobs.ifmap_queue_size);
}

void update_expiry(ScheduleState& state, FlowState& flow) {
  const RequestSlot head = state.requests.head_of(flow.queue);
  const TimePoint deadline =
      head == kNoRequest ? RequestState::kNoDeadline : state.requests.at(head).deadline;
  if (deadline == RequestState::kNoDeadline) {
    state.expiries.take(flow.expiry);
  } else {
    flow.expiry.owner = &flow;
    state.expiries.put(flow.expiry, deadline);
  }
}

void set_busy(FlowState& flow, bool is_busy) {
  auto& busy = flow.client->busy;
  if (is_busy) {
    flow.busy_index = static_cast<std::uint32_t>(busy.size());
    busy.push_back(&flow);
    return;
  }
  busy[flow.busy_index] = busy.back();
  busy[flow.busy_index]->busy_index = flow.busy_index;
  busy.pop_back();
}

/// Puts one part of a request into its flow's queue.
void enter_queue(ScheduleState& state, RequestPart& part) {
  FlowState& flow = *part.flow;
  if (flow.queue.empty()) {
    set_busy(flow, true);
  }
  state.requests.push(flow.queue, part);
  for (const auto& lane : flow.lanes) {
    lane->lane->queued_frames += lane->is_in ? part.frames : 0;
  }
  flow.share->queued += part.frames;
  update_expiry(state, flow);
}

/// Takes one part of a request out of its flow's queue. Whoever waits behind it is not told yet.
void leave_queue(ScheduleState& state, RequestPart& part, TimePoint now) {
  FlowState& flow = *part.flow;
  for (const auto& lane : flow.lanes) {
    lane->lane->queued_frames -= lane->is_in ? part.frames : 0;
  }
  state.requests.unlink(flow.queue, part);
  flow.share->queued -= part.frames;
  flow.share->is_ready = flow.share->is_ready && flow.share->queued > 0;
  update_expiry(state, flow);
  if (flow.queue.empty()) {
    set_busy(flow, false);
    flow.is_ready = false;
    flow.is_parked = false;
    flow.waited_before = Duration{0};
    stop_waiting(state, flow);
  } else if (part.was_head && state.requests.at(part.request).is_running) {
    // Behind one that did not start the flow waits on: drops must not keep `max_wait` from passing.
    flow.head_since = now;
    flow.waited_before = Duration{0};
  }
}

/// Brings all flows up to date in which the request is queued.
void update_flows(ScheduleState& state, RequestSlot slot, TimePoint now) {
  for (const RequestPart& part : state.requests.parts(slot)) {
    if (part.is_queued) {
      update_waiting(state, *part.flow, now);
    }
  }
}

/// Brings a flow up to date that has another head than before, and those beside it in that head.
void update_head(ScheduleState& state, FlowState& flow, TimePoint now) {
  update_waiting(state, flow, now);
  const RequestSlot head = state.requests.head_of(flow.queue);
  if (state.requests.at(head).queued_parts > 1 && state.requests.is_first(head)) {
    for (const RequestPart& part : state.requests.parts(head)) {
      if (part.is_queued && !part.flow->is_linked) {
        update_waiting(state, *part.flow, now);
      }
    }
  }
}

}  // namespace

void stop_waiting(ScheduleState& state, FlowState& flow) noexcept {
  if (!flow.is_linked) {
    return;
  }
  flow.is_linked = false;
  for (const auto& lane : flow.lanes) {
    if (lane->is_in) {
      leave_lane(state, *lane);
    }
  }
}

void update_waiting(ScheduleState& state, FlowState& flow, TimePoint now) {
  const RequestSlot head = state.requests.head_of(flow.queue);
  const bool waits = head != kNoRequest && !flow.is_closed && !flow.client->is_gated() &&
                     state.requests.is_first(head);
  if (!waits) {
    if (flow.is_linked && head != kNoRequest) {
      flow.is_parked = flow.client->is_gated();
      flow.waited_before = now - flow.head_since;
    }
    stop_waiting(state, flow);
    return;
  }
  if (!flow.is_linked) {
    flow.is_linked = true;
    flow.head_since = now - flow.waited_before;
  }
  flow.is_ready = flow.is_ready || flow.share->is_ready;
  for (const auto& lane : flow.lanes) {
    if (lane->is_used != lane->is_in) {
      lane->is_used ? enter_lane(state, *lane) : leave_lane(state, *lane);
    } else if (lane->is_in) {
      update_keys(state, *lane);
      mark_dirty(state, *lane->lane->device);
    }
  }
  flow.is_parked = false;
  flow.waited_before = Duration{0};
}

void update_ready(ScheduleState& state, const FlowState& flow, TimePoint now) {
  ClientShare& share = *flow.share;
  if (share.is_ready || share.queued < wanted_frames(flow.knobs)) {
    return;
  }
  share.is_ready = true;
  for (FlowState* other : flow.client->busy) {
    if (other->share == &share) {
      update_waiting(state, *other, now);
    }
  }
}

void enqueue(ScheduleState& state, RequestSlot slot, TimePoint now) {
  state.requests.at(slot).is_running = false;
  for (RequestPart& part : state.requests.parts(slot)) {
    if (!part.flow->is_closed) {
      enter_queue(state, part);
    }
  }
  update_flows(state, slot, now);
  for (const RequestPart& part : state.requests.parts(slot)) {
    if (!part.is_queued) {
      continue;
    }
    // One that runs again may stand before another's flows that could start until now.
    if (const RequestSlot behind = state.requests.behind(part);
        behind != kNoRequest && state.requests.at(behind).queued_parts > 1) {
      update_flows(state, behind, now);
    }
    update_ready(state, *part.flow, now);
  }
}

void dequeue(ScheduleState& state, RequestSlot slot, TimePoint now) {
  for (RequestPart& part : state.requests.parts(slot)) {
    part.was_head = false;
    if (part.is_queued) {
      leave_queue(state, part, now);
    }
  }
  for (const RequestPart& part : state.requests.parts(slot)) {
    if (part.was_head && !part.flow->queue.empty()) {
      update_head(state, *part.flow, now);
    }
  }
}

void withdraw(ScheduleState& state, RequestSlot slot, FlowState& closed, TimePoint now) {
  for (RequestPart& part : state.requests.parts(slot)) {
    if (part.flow == &closed) {
      leave_queue(state, part, now);
    }
  }
  update_flows(state, slot, now);
}

bool is_unwanted(const ScheduleState& state, RequestSlot slot) noexcept {
  for (const RequestPart& part : state.requests.parts(slot)) {
    if (!part.flow->is_closed) {
      return false;
    }
  }
  return true;
}

FlowLane* lane_of(const FlowState& flow, const LaneState& lane) noexcept {
  for (const auto& one : flow.lanes) {
    if (one->lane == &lane) {
      return one.get();
    }
  }
  return nullptr;
}

void finish(ScheduleState& state, RequestSlot slot, FinishReason reason) {
  const RequestState& request = state.requests.at(slot);
  ClientShare& share = *request.share;
  const auto index = static_cast<std::size_t>(reason);
  ++state.finished_count[index];
  ++share.client->finished[index];
  state.finished.push_back({request.number, reason});
  share.frames -= request.frames;
  if (!share.told_full.empty() && !share.is_freed) {
    share.is_freed = true;
    state.freed_shares.push_back(&share);
  }
  for (const RequestPart& part : state.requests.parts(slot)) {
    if (--part.flow->held == 0 && part.flow->is_closed) {
      state.closed_flows.push_back(part.flow);
    }
  }
  state.requests.remove(slot);
}

void update_gate(ScheduleState& state, ClientState& client, TimePoint now) {
  // Nobody enters or leaves `busy` by this.
  for (FlowState* flow : client.busy) {
    update_waiting(state, *flow, now);
  }
}

void charge(FlowLane& lane, double service) {
  ClientLane& served = *lane.client;
  ClientState& client = *served.client;
  const DeviceState& device = *lane.lane->device;
  double& tag = client.tags[tag_index(device, served.fair.rank)];
  tag += service / client.knobs.weight;
  for (const auto& other : client.lanes) {
    if (other->lane->device == &device && other->fair.rank == served.fair.rank) {
      other->lane->queue.retag(other->fair, tag);
    }
  }
  const double share = service / lane.flow->knobs.weight;
  for (const auto& other : lane.flow->lanes) {
    other->lane->queue.retag(other->fair, other->fair.tag + share);
  }
}

bool is_hopeless(const LaneState& lane) noexcept {
  return lane.is_removed || lane.device->is_removed || lane.loads.is_given_up() ||
         lane.failing.is_given_up() ||
         lane.device->state == SchedulerSnapshot::DeviceState::kGivenUp;
}

bool is_usable(const LaneState& lane) noexcept {
  return !is_hopeless(lane) && !lane.is_quarantined &&
         lane.device->state == SchedulerSnapshot::DeviceState::kUp;
}

void route(ScheduleState& state, FlowState& flow, TimePoint now) {
  const bool only_first = flow.placement == FlowPlacement::kPinned && !flow.failover;
  const bool one = flow.placement != FlowPlacement::kLeastLoaded;
  std::size_t wanted = flow.lanes.size();
  bool has_hope = false;
  // Those that are usable; if none is, those that may become so.
  for (const bool by_hope : {false, true}) {
    const std::size_t count =
        only_first ? std::min<std::size_t>(1, flow.lanes.size()) : flow.lanes.size();
    const std::size_t start = flow.placement == FlowPlacement::kRoundRobin ? flow.cursor : 0;
    std::size_t found = 0;
    for (std::size_t i = 0; i < count; ++i) {
      FlowLane& lane = *flow.lanes[(start + i) % count];
      const bool fits = by_hope ? !is_hopeless(*lane.lane) : is_usable(*lane.lane);
      lane.is_used = fits && (!one || found == 0);
      found += fits ? 1 : 0;
      wanted = lane.is_used ? (start + i) % count : wanted;
    }
    if (found > 0) {
      has_hope = true;
      break;
    }
  }
  flow.cursor = has_hope && one ? static_cast<std::uint32_t>(wanted) : flow.cursor;
  flow.has_no_device = !has_hope;
  while (flow.has_no_device && !flow.queue.empty()) {
    const RequestSlot slot = state.requests.head_of(flow.queue);
    dequeue(state, slot, now);
    finish(state, slot, FinishReason::kNoDevice);
  }
  update_waiting(state, flow, now);
}

void route_all(ScheduleState& state, PackageState& package, TimePoint now) {
  for (FlowState* flow : package.flows) {
    route(state, *flow, now);
  }
}

void advance_round_robin(ScheduleState& state, FlowState& flow, TimePoint now) {
  if (flow.placement != FlowPlacement::kRoundRobin || flow.lanes.size() < 2) {
    return;
  }
  flow.cursor = (flow.cursor + 1) % static_cast<std::uint32_t>(flow.lanes.size());
  route(state, flow, now);
}

}  // namespace penstock
