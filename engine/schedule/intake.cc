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
      if (share.frames - flow.queue.frames + frames > bound) {
        return {Verdict::kDropped, FinishReason::kDropped};
      }
      while (share.frames + frames > bound) {
        const RequestSlot oldest = flow.queue.head;
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

}  // namespace

Admission admit(ScheduleState& state, const SubmitRequest& request, TimePoint now) {
  FlowState* flow = find_by(state.flows, request.flow);
  if (flow == nullptr || request.frames == 0 || request.frames > flow->knobs.ifmap_queue_size) {
    return {Verdict::kRefused, FinishReason::kRefused};
  }
  if (flow->has_no_device) {
    return {Verdict::kRefused, FinishReason::kNoDevice};
  }
  if (request.deadline.has_value() && *request.deadline <= now) {
    return {Verdict::kDropped, FinishReason::kExpired};
  }
  if (flow->share->frames + request.frames > flow->knobs.ifmap_queue_size) {
    const Admission answer = answer_full(state, *flow, request.frames, now);
    if (answer.verdict != Verdict::kAccepted) {
      return answer;
    }
  }
  const RequestSlot slot = state.requests.add(request.request);
  RequestState& added = state.requests.at(slot);
  added.order = state.next_order++;
  added.flow = flow;
  added.admitted_at = now;
  added.deadline = request.deadline.value_or(RequestState::kNoDeadline);
  added.frames = request.frames;
  added.batch_key = request.batch_key;
  flow->share->frames += request.frames;
  measure_arrivals(*flow->client, request.frames, now);
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
    const RequestSlot slot = state.expiries.top().queue.head;
    dequeue(state, slot, now);
    finish(state, slot, FinishReason::kExpired);
  }
}

}  // namespace penstock
