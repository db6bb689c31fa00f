#include "engine/schedule/dispatch.h"

#include <algorithm>
#include <utility>

#include "engine/schedule/intake.h"
#include "engine/schedule/waiting.h"

namespace penstock {
namespace {

/// Low bits of a batch's number: where it is kept.
constexpr std::uint64_t kBatchSlots = std::uint64_t{1} << 16U;
/// A batch looks at this many flows that do not fit into it, then goes.
constexpr std::size_t kMostAside = 8;

BatchState& new_batch(ScheduleState& state) {
  if (state.free_batches.empty()) {
    state.free_batches.push_back(static_cast<std::uint32_t>(state.batches.size()));
    state.batches.push_back(std::make_unique<BatchState>());
    state.batches.back()->limit.owner = state.batches.back().get();
  }
  const std::uint32_t slot = state.free_batches.back();
  state.free_batches.pop_back();
  BatchState& batch = *state.batches[slot];
  batch.number = BatchNumber{state.next_batch++ * kBatchSlots + slot};
  batch.requests.clear();
  batch.frames = 0;
  batch.is_cancelled = false;
  return batch;
}

BatchState* find_batch(ScheduleState& state, BatchNumber number) {
  const auto slot = static_cast<std::size_t>(number.value % kBatchSlots);
  if (slot >= state.batches.size()) {
    return nullptr;
  }
  BatchState& batch = *state.batches[slot];
  return batch.is_out && batch.number == number ? &batch : nullptr;
}

FlowLane* next_flow(const LaneState& lane, TimePoint now) {
  if (!lane.due.empty() && lane.due.top_key() <= now) {
    return &lane.due.top();
  }
  const FairFlow* top = lane.queue.top();
  return top == nullptr ? nullptr : static_cast<FlowLane*>(top->owner);
}

/// Why the head of a flow does not join a batch.
enum class Fit : std::uint8_t { kJoins, kOther, kExpired, kOutputsFull };

Fit fit_of(const ScheduleState& state,
           const BatchState& batch,
           const RequestState& request,
           const BatchKnobs& knobs,
           TimePoint now) {
  if (request.deadline <= now) {
    return Fit::kExpired;
  }
  const ClientState& client = *request.flow->client;
  const std::uint32_t room = client.knobs.ofmap_queue_size;
  if (room != 0 && client.outputs_held > 0 && client.outputs_held + request.frames > room) {
    return Fit::kOutputsFull;
  }
  if (batch.requests.empty()) {
    return Fit::kJoins;
  }
  // One that failed runs alone, so that it takes nobody with it.
  const RequestState& first = state.requests.at(batch.requests.front());
  if (first.batch_key != request.batch_key || first.failures > 0 || request.failures > 0 ||
      batch.frames + request.frames > knobs.preferred_frames) {
    return Fit::kOther;
  }
  if (knobs.frames_per_flow != 0) {
    std::uint32_t same = request.frames;
    for (const RequestSlot slot : batch.requests) {
      const RequestState& other = state.requests.at(slot);
      same += other.flow == request.flow ? other.frames : 0;
    }
    if (same > knobs.frames_per_flow) {
      return Fit::kOther;
    }
  }
  return Fit::kJoins;
}

/// Takes the head of the flow into the batch.
void take_head(ScheduleState& state,
               BatchState& batch,
               ResidenceState& residence,
               FlowLane& from,
               TimePoint now) {
  FlowState& flow = *from.flow;
  const RequestSlot slot = flow.queue.head;
  RequestState& request = state.requests.at(slot);
  LaneState& lane = *residence.lane;
  // Whoever was ready only because `max_wait` passed has its queue run like any other's.
  flow.is_ready = true;
  double& floor = lane.device->floor[from.client->fair.rank];
  const double tag = from.client->client->tags[tag_index(*lane.device, from.client->fair.rank)];
  floor = std::max(floor, tag);
  from.client->fair.flow_floor = std::max(from.client->fair.flow_floor, from.fair.tag);
  request.charged = lane.frame_time * request.frames * residence.cores;
  charge(from, request.charged);
  // How much of its wait the last change of residence for its package took.
  request.swap_wait =
      std::max(Duration{0}, lane.swap_ended - std::max(lane.swap_started, request.admitted_at));
  request.is_running = true;
  dequeue(state, slot, now);
  ++flow.running;
  batch.requests.push_back(slot);
  batch.frames += request.frames;
  residence.turn.serve(flow.knobs, from.client->fair.rank, request.frames, now);
  flow.client->outputs_held += request.frames;
  pace(state, *flow.client, request.frames, now);
  advance_round_robin(state, flow, now);
}

/// Fills a batch from the lane's flows; it stays empty if none of them can run after all.
void fill(ScheduleState& state, BatchState& batch, ResidenceState& residence, TimePoint now) {
  LaneState& lane = *residence.lane;
  const BatchKnobs& knobs = lane.package->batch;
  state.aside.clear();
  while (batch.frames < knobs.preferred_frames && state.aside.size() < kMostAside) {
    FlowLane* from = next_flow(lane, now);
    if (from == nullptr) {
      break;
    }
    FlowState& flow = *from->flow;
    const RequestSlot head = flow.queue.head;
    switch (fit_of(state, batch, state.requests.at(head), knobs, now)) {
      case Fit::kJoins:
        take_head(state, batch, residence, *from, now);
        break;
      case Fit::kExpired:
        dequeue(state, head, now);
        finish(state, head, FinishReason::kExpired);
        break;
      case Fit::kOutputsFull:
        flow.client->is_full = true;
        update_gate(state, *flow.client, now);
        break;
      case Fit::kOther:
        // Out of the way until the batch has left; it does not wait anew by that.
        state.aside.push_back(&flow);
        stop_waiting(state, flow);
        break;
    }
  }
  for (FlowState* flow : state.aside) {
    const TimePoint since = flow->head_since;
    flow->is_linked = !flow->queue.empty() && !flow->client->is_gated();
    flow->head_since = since;
    update_waiting(state, *flow, now);
  }
}

void send(ScheduleState& state,
          BatchState& batch,
          ResidenceState& residence,
          TimePoint now,
          SchedulerActions& out) {
  LaneState& lane = *residence.lane;
  DeviceState& device = *lane.device;
  batch.is_out = true;
  batch.device = &device;
  batch.lane = &lane;
  batch.residence = &residence;
  batch.cores = residence.cores;
  batch.started_at = now;
  ++residence.in_flight;
  ++lane.references;
  ++device.batches_out;
  ++device.batches;
  ++state.batches_out;
  state.limits.put(batch.limit, now + state.knobs.job_limit);
  state.numbers.clear();
  for (const RequestSlot slot : batch.requests) {
    state.numbers.push_back(state.requests.at(slot).number);
  }
  out.add(RunBatch{batch.number,
                   device.number,
                   residence.mask,
                   residence.placement,
                   lane.package->number,
                   residence.epoch,
                   out.keep(std::span<const RequestNumber>(state.numbers))});
  Decision decision;
  decision.kind = DecisionKind::kRun;
  decision.time = now;
  decision.number = batch.number.value;
  decision.device = device.number;
  decision.package = lane.package->number;
  decision.client = state.requests.at(batch.requests.front()).flow->client->number;
  decision.count = batch.frames;
  state.ring.add(decision);
}

/// The residence that should start a batch next, or null.
ResidenceState* next_residence(const DeviceState& device, TimePoint now) {
  ResidenceState* best = nullptr;
  Standing best_standing;
  for (const auto& one : device.residences) {
    const bool is_open = one->state == SchedulerSnapshot::ResidenceState::kReady &&
                         one->drains == 0 && one->in_flight < one->depth &&
                         !one->lane->is_removed && one->lane->linked > 0;
    if (!is_open || !can_form_batch(*one->lane, now)) {
      continue;
    }
    const Standing standing = standing_of(*one->lane, now);
    if (!standing.has_work) {
      continue;
    }
    const bool is_better = best == nullptr || precedes(standing, best_standing) ||
                           (best->lane == one->lane && one->in_flight < best->in_flight);
    if (is_better) {
      best = one.get();
      best_standing = standing;
    }
  }
  return best;
}

/// Learns from the end of a batch what a frame costs; returns the time that it occupied its place.
Duration learn(BatchState& batch, TimePoint now) {
  constexpr double kWeight = 0.125;
  LaneState& lane = *batch.lane;
  TimePoint since = batch.started_at;
  if (batch.residence != nullptr) {
    since = std::max(since, batch.residence->last_completion);
    batch.residence->last_completion = now;
    batch.residence->turn.active_at = now;
  }
  const Duration occupied = now - since;
  const double per_frame =
      static_cast<double>(occupied.count()) / std::max<std::uint32_t>(batch.frames, 1);
  lane.frame_time =
      lane.frame_time <= 0 ? per_frame : lane.frame_time + (per_frame - lane.frame_time) * kWeight;
  lane.longest_frame_time = std::max(lane.longest_frame_time, per_frame);
  lane.longest_batch = std::max(lane.longest_batch, now - batch.started_at);
  lane.device->longest_batch = std::max(lane.device->longest_batch, lane.longest_batch);
  lane.device->busy_time += occupied;
  return occupied;
}

FlowLane* lane_of(const FlowState& flow, const LaneState& lane) {
  for (const auto& one : flow.lanes) {
    if (one->lane == &lane) {
      return one.get();
    }
  }
  return nullptr;
}

void record_times(const BatchState& batch,
                  const RequestState& request,
                  FlowLane& from,
                  TimePoint now) {
  auto& times = from.client->times;
  if (times == nullptr) {
    times = std::make_unique<LaneTimes>();
  }
  const Duration queued = batch.started_at - request.admitted_at;
  times->queue.record(queued);
  times->run.record(now - batch.started_at);
  times->total.record(now - request.admitted_at);
  times->swap.record(request.swap_wait);
}

/// Decides what becomes of one request of a batch that ended with `code`.
void settle(
    ScheduleState& state, const BatchState& batch, RequestSlot slot, Errc code, TimePoint now) {
  RequestState& request = state.requests.at(slot);
  FlowState& flow = *request.flow;
  ClientState& client = *flow.client;
  const std::uint32_t frames = request.frames;
  const bool is_delivered = code == Errc::kOk && !request.is_ending;
  --flow.running;
  if (is_delivered) {
    if (FlowLane* from = lane_of(flow, *batch.lane); from != nullptr) {
      record_times(batch, request, *from, now);
    }
    finish(state, slot, FinishReason::kDone);
  } else if (request.is_ending) {
    finish(state, slot, request.end_reason);
  } else {
    const bool is_lost = code == Errc::kDeviceLost || code == Errc::kCancelled;
    is_lost ? ++request.losses : ++request.failures;
    if (request.losses >= state.knobs.lost_tries || request.failures >= state.knobs.failed_tries) {
      finish(state, slot, FinishReason::kFailed);
    } else if (flow.has_no_device) {
      finish(state, slot, FinishReason::kNoDevice);
    } else {
      enqueue(state, slot, now);
    }
  }
  if (!is_delivered) {
    release_outputs(state, client, frames, now);
  }
  if (flow.is_closed && flow.running == 0) {
    state.closed_flows.push_back(&flow);
  }
}

}  // namespace

Standing standing_of(const LaneState& lane, TimePoint now) {
  Standing standing;
  standing.is_resident = lane.residences > 0;
  standing.is_overdue = !lane.due.empty() && lane.due.top_key() <= now;
  const FairClient* client = lane.queue.top_client();
  if (standing.is_overdue) {
    standing.due = lane.due.top_key();
    const ClientLane& first = *lane.due.top().client;
    standing.rank = first.fair.rank;
    standing.tag = first.client->tags[tag_index(*lane.device, first.fair.rank)];
  }
  if (client != nullptr) {
    standing.rank = client->rank;
    standing.tag = client->tag;
  }
  standing.has_work = standing.is_overdue || client != nullptr;
  return standing;
}

bool can_form_batch(const LaneState& lane, TimePoint now) noexcept {
  const BatchKnobs& knobs = lane.package->batch;
  if (knobs.preferred_frames <= 1 || lane.queued_frames >= knobs.preferred_frames) {
    return true;
  }
  const bool is_overdue = !lane.due.empty() && lane.due.top_key() <= now;
  return is_overdue || (!lane.arrivals.empty() && lane.arrivals.top_key() + knobs.wait <= now);
}

void dispatch(ScheduleState& state, DeviceState& device, TimePoint now, SchedulerActions& out) {
  if (device.state != SchedulerSnapshot::DeviceState::kUp) {
    return;
  }
  while (ResidenceState* residence = next_residence(device, now)) {
    BatchState& batch = new_batch(state);
    fill(state, batch, *residence, now);
    if (!batch.requests.empty()) {
      send(state, batch, *residence, now, out);
    } else {
      // All that seemed ready had expired or cannot put its outputs anywhere.
      state.free_batches.push_back(static_cast<std::uint32_t>(batch.number.value % kBatchSlots));
    }
  }
}

DeviceState* complete(ScheduleState& state, const BatchDone& event, TimePoint now) {
  BatchState* batch = find_batch(state, event.batch);
  if (batch == nullptr) {
    ++state.stale;
    Decision decision;
    decision.kind = DecisionKind::kStale;
    decision.time = now;
    decision.number = event.batch.value;
    state.ring.add(decision);
    return nullptr;
  }
  DeviceState& device = *batch->device;
  batch->is_out = false;
  state.limits.take(batch->limit);
  // What was lost teaches nothing and costs nobody anything.
  const Duration occupied = event.code == Errc::kOk ? learn(*batch, now) : Duration{0};
  if (batch->residence != nullptr) {
    --batch->residence->in_flight;
    batch->residence->turn.time += occupied;
  }
  if (event.code == Errc::kOk) {
    device.resets.forgive();
  }
  const double per_frame = static_cast<double>(occupied.count()) * batch->cores /
                           std::max<std::uint32_t>(batch->frames, 1);
  for (const RequestSlot slot : batch->requests) {
    const RequestState& request = state.requests.at(slot);
    if (FlowLane* from = lane_of(*request.flow, *batch->lane); from != nullptr) {
      charge(*from, per_frame * request.frames - request.charged);
    }
    settle(state, *batch, slot, event.code, now);
  }
  if (event.code != Errc::kOk) {
    Decision decision;
    decision.kind = DecisionKind::kLost;
    decision.time = now;
    decision.number = batch->number.value;
    decision.device = device.number;
    decision.package = batch->lane->package->number;
    decision.count = static_cast<std::uint32_t>(batch->requests.size());
    state.ring.add(decision);
  }
  --batch->lane->references;
  --device.batches_out;
  --state.batches_out;
  state.free_batches.push_back(static_cast<std::uint32_t>(batch->number.value % kBatchSlots));
  if (!device.is_removed) {
    mark_dirty(state, device);
  }
  const bool did_hang =
      batch->is_cancelled && batch->residence != nullptr && event.code != Errc::kOk;
  return did_hang && !device.is_removed ? &device : nullptr;
}

DeviceState* check_limits(ScheduleState& state, TimePoint now, SchedulerActions& out) {
  while (!state.limits.empty() && state.limits.top_key() <= now) {
    BatchState& batch = state.limits.top();
    if (batch.is_cancelled) {
      state.limits.take(batch.limit);
      return batch.device;
    }
    batch.is_cancelled = true;
    state.limits.put(batch.limit, batch.started_at + 2 * state.knobs.job_limit);
    out.add(CancelBatch{batch.number, batch.device->number});
    Decision decision;
    decision.kind = DecisionKind::kJobLimit;
    decision.time = now;
    decision.number = batch.number.value;
    decision.device = batch.device->number;
    decision.package = batch.lane->package->number;
    state.ring.add(decision);
  }
  return nullptr;
}

}  // namespace penstock
