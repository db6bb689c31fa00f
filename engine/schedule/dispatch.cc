#include "engine/schedule/dispatch.h"

#include <algorithm>
#include <utility>

#include "engine/schedule/intake.h"
#include "engine/schedule/waiting.h"

namespace penstock {
namespace {

/// A batch looks at this many requests that do not fit into it, then goes.
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
  batch.requests.reserve(state.most_requests);
  batch.frames = 0;
  batch.is_cancelled = false;
  return batch;
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

/// Returns how many frames of the flow a batch has.
std::uint32_t frames_in(const ScheduleState& state,
                        const BatchState& batch,
                        const FlowState& flow) noexcept {
  std::uint32_t frames = 0;
  for (const RequestSlot slot : batch.requests) {
    for (const RequestPart& part : state.requests.parts(slot)) {
      frames += part.flow == &flow ? part.frames : 0;
    }
  }
  return frames;
}

/// Returns whether a batch with the request has no more of any flow than it may.
bool is_within_share(const ScheduleState& state,
                     const BatchState& batch,
                     RequestSlot slot,
                     const BatchKnobs& knobs) noexcept {
  if (knobs.frames_per_flow == 0) {
    return true;
  }
  for (const RequestPart& part : state.requests.parts(slot)) {
    if (part.frames + frames_in(state, batch, *part.flow) > knobs.frames_per_flow) {
      return false;
    }
  }
  return true;
}

Fit fit_of(const ScheduleState& state,
           const BatchState& batch,
           RequestSlot slot,
           const BatchKnobs& knobs,
           TimePoint now) {
  const RequestState& request = state.requests.at(slot);
  if (request.deadline <= now) {
    return Fit::kExpired;
  }
  const ClientState& client = *request.share->client;
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
  return is_within_share(state, batch, slot, knobs) ? Fit::kJoins : Fit::kOther;
}

/// Notes what a package is given, on each of its places on the device: it has one turn there.
void serve_turn(const LaneState& lane,
                const FlowKnobs& knobs,
                std::uint8_t rank,
                std::uint32_t frames,
                TimePoint now) {
  for (const auto& one : lane.device->residences) {
    if (one->lane == &lane) {
      one->turn.serve(knobs, rank, frames, now);
    }
  }
}

/// Charges the flow of a part that starts, and its client, for what its frames will take; `from`
/// is the place of the flow that the request was picked by.
void charge_start(RequestPart& part, ResidenceState& residence, FlowLane& from, TimePoint now) {
  FlowState& flow = *part.flow;
  FlowLane* own = &flow == from.flow ? &from : lane_of(flow, *residence.lane);
  part.charged = residence.lane->frame_time * part.frames * residence.cores;
  flow.running += part.frames;
  if (own != nullptr) {
    charge(*own, part.charged);
  }
  const FlowLane& served = own == nullptr ? from : *own;
  serve_turn(*residence.lane, flow.knobs, served.client->fair.rank, part.frames, now);
}

/// Takes the head of the flow into the batch.
void take_head(ScheduleState& state,
               BatchState& batch,
               ResidenceState& residence,
               FlowLane& from,
               TimePoint now) {
  const RequestSlot slot = state.requests.head_of(from.flow->queue);
  RequestState& request = state.requests.at(slot);
  LaneState& lane = *residence.lane;
  // Whoever was ready only because `max_wait` passed has its queue run like any other's.
  from.flow->is_ready = true;
  double& floor = lane.device->floor[from.client->fair.rank];
  const double tag = from.client->client->tags[tag_index(*lane.device, from.client->fair.rank)];
  floor = std::max(floor, tag);
  from.client->fair.flow_floor = std::max(from.client->fair.flow_floor, from.fair.tag);
  for (RequestPart& part : state.requests.parts(slot)) {
    charge_start(part, residence, from, now);
  }
  // How much of its wait the last change of residence for its package took.
  request.swap_wait =
      std::max(Duration{0}, lane.swap_ended - std::max(lane.swap_started, request.admitted_at));
  request.is_running = true;
  dequeue(state, slot, now);
  batch.requests.push_back(slot);
  batch.frames += request.frames;
  ClientState& client = *request.share->client;
  client.outputs_held += request.frames;
  pace(state, client, request.frames, now);
  for (const RequestPart& part : state.requests.parts(slot)) {
    advance_round_robin(state, *part.flow, now);
  }
}

/// Takes all flows of a waiting request off their lanes.
void set_aside(ScheduleState& state, RequestSlot slot) {
  for (const RequestPart& part : state.requests.parts(slot)) {
    if (part.is_queued) {
      state.aside.push_back(part.flow);
      stop_waiting(state, *part.flow);
    }
  }
}

/// Fills a batch from the lane's flows; it stays empty if none of them can run after all.
void fill(ScheduleState& state, BatchState& batch, ResidenceState& residence, TimePoint now) {
  LaneState& lane = *residence.lane;
  const BatchKnobs& knobs = lane.package->batch;
  state.aside.clear();
  std::size_t passed_over = 0;
  while (batch.frames < knobs.preferred_frames && passed_over < kMostAside) {
    FlowLane* from = next_flow(lane, now);
    if (from == nullptr) {
      break;
    }
    const RequestSlot head = state.requests.head_of(from->flow->queue);
    switch (fit_of(state, batch, head, knobs, now)) {
      case Fit::kJoins:
        take_head(state, batch, residence, *from, now);
        break;
      case Fit::kExpired:
        dequeue(state, head, now);
        finish(state, head, FinishReason::kExpired);
        break;
      case Fit::kOutputsFull:
        from->flow->client->is_full = true;
        update_gate(state, *from->flow->client, now);
        break;
      case Fit::kOther:
        // Out of the way until the batch has left; it does not wait anew by that.
        set_aside(state, head);
        ++passed_over;
        break;
    }
  }
  for (FlowState* flow : state.aside) {
    const TimePoint since = flow->head_since;
    flow->is_linked = !flow->queue.empty();
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
  decision.client = state.requests.at(batch.requests.front()).share->client->number;
  decision.count = batch.frames;
  state.ring.add(decision);
}

/// When a frame that starts at a residence now would be through, in ns from now.
double time_through(const ResidenceState& residence, TimePoint now) noexcept {
  return (residence.in_flight + 1) *
         (residence.knows_time(now) ? residence.frame_time : residence.lane->frame_time);
}

/// Returns whether a frame is through sooner elsewhere, though all that waits goes before it there:
/// one core that is far slower than the others would hold up the streams whose frames it takes.
bool is_too_slow(const ResidenceState& residence, TimePoint now) noexcept {
  const LaneState& lane = *residence.lane;
  if (lane.residences < 2) {
    return false;
  }
  const double own = time_through(residence, now);
  double soonest = own;
  double rate = 0;
  auto ahead = static_cast<double>(lane.queued_frames);
  for (const auto& one : lane.device->residences) {
    const bool helps = one->lane == &lane && one.get() != &residence && one->drains == 0 &&
                       one->state == SchedulerSnapshot::ResidenceState::kReady;
    if (helps) {
      const double through = std::max(time_through(*one, now), 1.0);
      soonest = std::min(soonest, through);
      rate += (one->in_flight + 1) / through;
      ahead += one->in_flight;
    }
  }
  return soonest < own && own * rate > ahead;
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
    const bool is_better =
        best == nullptr ||
        (best->lane == one->lane ? time_through(*one, now) < time_through(*best, now)
                                 : precedes(standing, best_standing));
    // Whoever has waited for `max_wait` starts anywhere: the others may hang.
    if (is_better && (standing.is_overdue || !is_too_slow(*one, now))) {
      best = one.get();
      best_standing = standing;
    }
  }
  return best;
}

}  // namespace

Standing standing_of(const LaneState& lane, TimePoint now) {
  Standing standing;
  standing.is_resident = lane.residences > 0;
  standing.held = lane.held;
  if (lane.is_quarantined) {
    return standing;  // What waits for it waits until its back-off ends.
  }
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
  standing.weight = lane.queue.weight_of(standing.rank);
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

}  // namespace penstock
