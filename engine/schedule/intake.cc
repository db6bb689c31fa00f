#include "engine/schedule/intake.h"

#include <algorithm>

#include "engine/schedule/membership.h"
#include "engine/schedule/waiting.h"

namespace penstock {
namespace {

using Verdict = Admission::Verdict;

/// Adaptive pacing runs a little faster than frames arrive, else a queue would never shrink.
constexpr double kAdaptiveShare = 0.9;

void measure_arrivals(ClientState& client, std::uint32_t frames, TimePoint now) {
  constexpr double kWeight = 0.125;
  if (client.last_arrival != TimePoint{} && now > client.last_arrival) {
    const double gap =
        static_cast<double>((now - client.last_arrival).count()) / client.arrived_together;
    client.interval =
        client.interval <= 0 ? gap : client.interval + (gap - client.interval) * kWeight;
  }
  // Those of a burst come together: the gap before the next belongs to all of them.
  client.arrived_together = client.last_arrival == now ? client.arrived_together + frames : frames;
  client.last_arrival = now;
}

/// What a full queue answers; drops old requests if that makes room.
Admission answer_full(ScheduleState& state, FlowState& flow, std::uint32_t frames, TimePoint now) {
  ClientShare& share = *flow.share;
  const std::uint64_t bound = flow.knobs.ifmap_queue_size;
  switch (flow.knobs.when_full) {
    case WhenFull::kDropOldest:
      if (share.frames - flow.queue.request_frames + frames > bound) {
        return {Verdict::kDropped, FinishReason::kDropped};
      }
      while (share.frames + frames > bound) {
        const RequestSlot oldest = state.requests.head_of(flow.queue);
        dequeue(state, oldest, now);
        finish(state, oldest, FinishReason::kDropped);
      }
      return {};
    case WhenFull::kDropNewest:
      return {Verdict::kDropped, FinishReason::kDropped};
    case WhenFull::kReject:
      return {Verdict::kRefused, FinishReason::kDropped};
    case WhenFull::kBlock:
      break;
  }
  if (!flow.was_told_full) {
    flow.was_told_full = true;
    share.told_full.push_back(&flow);
  }
  return {Verdict::kFull, FinishReason::kDropped};
}

/// Returns whether the others of a request can go with `flow`: wherever it may run, they may.
bool can_join(const ScheduleState& state, const FlowState& flow, const SubmitRequest& request) {
  for (std::size_t i = 0; i < request.others.size(); ++i) {
    const FlowPart& part = request.others[i];
    const FlowState* other = find_by(state.flows, part.flow);
    if (other == nullptr || other == &flow || part.frames == 0 || other->share != flow.share ||
        other->placement != flow.placement || other->failover != flow.failover ||
        other->has_no_device != flow.has_no_device || other->allowed != flow.allowed) {
      return false;
    }
    for (const FlowPart& before : request.others.first(i)) {
      if (before.flow == part.flow) {
        return false;
      }
    }
  }
  return true;
}

std::uint64_t frames_of(const SubmitRequest& request) noexcept {
  std::uint64_t frames = request.frames;
  for (const FlowPart& part : request.others) {
    frames += part.frames;
  }
  return frames;
}

void add_part(ScheduleState& state, RequestSlot slot, FlowState& flow, std::uint32_t frames) {
  state.requests.add_part(slot, &flow, frames);
  ++flow.held;
}

}  // namespace

Admission admit(ScheduleState& state, const SubmitRequest& request, TimePoint now) {
  FlowState* flow = find_by(state.flows, request.flow);
  if (flow == nullptr || !can_join(state, *flow, request)) {
    return {Verdict::kRefused, FinishReason::kRefused};
  }
  const std::uint64_t frames = frames_of(request);
  if (request.frames == 0 || frames > flow->knobs.ifmap_queue_size) {
    return {Verdict::kRefused, FinishReason::kRefused};
  }
  if (flow->has_no_device) {
    return {Verdict::kRefused, FinishReason::kNoDevice};
  }
  if (request.deadline.has_value() && *request.deadline <= now) {
    return {Verdict::kDropped, FinishReason::kExpired};
  }
  const auto count = static_cast<std::uint32_t>(frames);
  if (flow->share->frames + count > flow->knobs.ifmap_queue_size) {
    const Admission answer = answer_full(state, *flow, count, now);
    if (answer.verdict != Verdict::kAccepted) {
      return answer;
    }
  }
  const RequestSlot slot = state.requests.add(request.request);
  RequestState& added = state.requests.at(slot);
  added.order = state.next_order++;
  added.share = flow->share;
  added.admitted_at = now;
  added.deadline = request.deadline.value_or(RequestState::kNoDeadline);
  added.batch_key = request.batch_key;
  add_part(state, slot, *flow, request.frames);
  for (const FlowPart& other : request.others) {
    add_part(state, slot, *state.flows[other.flow.index()], other.frames);
  }
  flow->share->frames += count;
  flow->package->largest_request = std::max(flow->package->largest_request, count);
  measure_arrivals(*flow->client, count, now);
  enqueue(state, slot, now);
  return {};
}

void cancel(ScheduleState& state, const CancelRequest& event, TimePoint now) {
  const RequestSlot slot = state.requests.find(event.request);
  if (slot == kNoRequest) {
    return;
  }
  RequestState& request = state.requests.at(slot);
  if (!request.is_running) {
    dequeue(state, slot, now);
    finish(state, slot, FinishReason::kCancelled);
  } else if (!request.is_ending) {
    request.is_ending = true;
    request.end_reason = FinishReason::kCancelled;
  }
}

void release_outputs(ScheduleState& state,
                     ClientState& client,
                     std::uint32_t frames,
                     TimePoint now) {
  client.outputs_held -= std::min(frames, client.outputs_held);
  if (client.is_full) {
    client.is_full = false;
    update_gate(state, client, now);
  }
}

void take_outputs(ScheduleState& state, const OutputTaken& event, TimePoint now) {
  ClientState* client = find_by(state.clients, event.client);
  if (client != nullptr) {
    release_outputs(state, *client, event.frames, now);
  }
}

void pace(ScheduleState& state, ClientState& client, std::uint32_t frames, TimePoint now) {
  double interval = 0;
  if (client.knobs.fps_target > 0) {
    interval = 1e9 / client.knobs.fps_target;
  } else if (client.knobs.smoothing) {
    interval = client.interval * kAdaptiveShare;
  }
  if (interval < 1) {
    return;
  }
  const auto step = Duration(static_cast<Duration::rep>(interval * frames));
  client.next_start = std::max(client.next_start, now) + step;
  if (client.next_start > now) {
    client.is_paced = true;
    state.paced.put(client.pace, client.next_start);
    update_gate(state, client, now);
  }
}

void pass_time(ScheduleState& state, TimePoint now) {
  while (!state.paced.empty() && state.paced.top_key() <= now) {
    ClientState& client = state.paced.top();
    state.paced.take(client.pace);
    client.is_paced = false;
    update_gate(state, client, now);
  }
  while (!state.expiries.empty() && state.expiries.top_key() <= now) {
    const RequestSlot slot = state.requests.head_of(state.expiries.top().queue);
    dequeue(state, slot, now);
    finish(state, slot, FinishReason::kExpired);
  }
}

}  // namespace penstock
