#include "engine/schedule/batch_end.h"

#include <algorithm>
#include <memory>

#include "engine/schedule/intake.h"
#include "engine/schedule/waiting.h"

namespace penstock {
namespace {

BatchState* find_batch(ScheduleState& state, BatchNumber number) {
  const auto slot = static_cast<std::size_t>(number.value % kBatchSlots);
  if (slot >= state.batches.size()) {
    return nullptr;
  }
  BatchState& batch = *state.batches[slot];
  return batch.is_out && batch.number == number ? &batch : nullptr;
}

/// Moves a measured mean on by one value; 0 is one that is not known yet.
void follow(double& mean, double value) noexcept {
  constexpr double kWeight = 0.125;
  mean = mean <= 0 ? value : mean + (value - mean) * kWeight;
}

/// Learns from the end of a batch what a frame costs; returns the time that it occupied its place.
Duration learn(BatchState& batch, TimePoint now) {
  LaneState& lane = *batch.lane;
  TimePoint since = batch.started_at;
  if (batch.residence != nullptr) {
    const bool knew = batch.residence->knows_time(batch.started_at);
    batch.residence->frame_time = knew ? batch.residence->frame_time : 0;
    since = std::max(since, batch.residence->last_completion);
    batch.residence->last_completion = now;
    batch.residence->turn.active_at = now;
  }
  const Duration occupied = now - since;
  const double per_frame =
      static_cast<double>(occupied.count()) / std::max<std::uint32_t>(batch.frames, 1);
  follow(lane.frame_time, per_frame);
  if (batch.residence != nullptr) {
    follow(batch.residence->frame_time, per_frame);
  }
  lane.longest_frame_time = std::max(lane.longest_frame_time, per_frame);
  lane.longest_batch = std::max(lane.longest_batch, now - batch.started_at);
  lane.device->longest_batch = std::max(lane.device->longest_batch, lane.longest_batch);
  lane.device->busy_time += occupied;
  return occupied;
}

/// Counts the times of the request for each flow that it has frames of and that is still there.
void record_times(ScheduleState& state, const BatchState& batch, RequestSlot slot, TimePoint now) {
  const RequestState& request = state.requests.at(slot);
  for (const RequestPart& part : state.requests.parts(slot)) {
    FlowLane* from = part.flow->is_closed ? nullptr : lane_of(*part.flow, *batch.lane);
    if (from == nullptr) {
      continue;
    }
    if (from->times == nullptr) {
      from->times = std::make_unique<LaneTimes>();
    }
    from->times->queue.record(batch.started_at - request.admitted_at, part.frames);
    from->times->run.record(now - batch.started_at, part.frames);
    from->times->total.record(now - request.admitted_at, part.frames);
    from->times->swap.record(request.swap_wait, part.frames);
  }
}

/// Corrects what the flows of a request were charged in advance to `per_frame`.
void settle_charges(ScheduleState& state,
                    const BatchState& batch,
                    RequestSlot slot,
                    double per_frame) {
  for (const RequestPart& part : state.requests.parts(slot)) {
    if (FlowLane* from = lane_of(*part.flow, *batch.lane); from != nullptr) {
      charge(*from, per_frame * part.frames - part.charged);
    }
  }
}

bool has_no_device(const ScheduleState& state, RequestSlot slot) noexcept {
  for (const RequestPart& part : state.requests.parts(slot)) {
    if (!part.flow->is_closed && part.flow->has_no_device) {
      return true;
    }
  }
  return false;
}

/// Decides what becomes of one request of a batch that ended with `code`.
void settle(
    ScheduleState& state, const BatchState& batch, RequestSlot slot, Errc code, TimePoint now) {
  RequestState& request = state.requests.at(slot);
  ClientState& client = *request.share->client;
  const std::uint32_t frames = request.frames;
  for (const RequestPart& part : state.requests.parts(slot)) {
    part.flow->running -= part.frames;
  }
  if (code == Errc::kOk && !request.is_ending) {
    record_times(state, batch, slot, now);
    finish(state, slot, FinishReason::kDone);
    return;
  }
  if (request.is_ending) {
    finish(state, slot, request.end_reason);
  } else {
    // What the device cancelled unasked has failed.
    const bool was_ended = batch.is_cancelled || batch.residence == nullptr;
    const bool is_lost = code == Errc::kDeviceLost || (code == Errc::kCancelled && was_ended);
    is_lost ? ++request.losses : ++request.failures;
    if (request.losses >= state.knobs.lost_tries || request.failures >= state.knobs.failed_tries) {
      finish(state, slot, FinishReason::kFailed);
    } else if (has_no_device(state, slot)) {
      finish(state, slot, FinishReason::kNoDevice);
    } else if (request.deadline <= now) {
      finish(state, slot, FinishReason::kExpired);
    } else {
      enqueue(state, slot, now);
    }
  }
  release_outputs(state, client, frames, now);
}

/// Returns whether a failure can be the device's, or the package's there, and is not the frame's.
bool counts(Errc code) noexcept {
  switch (code) {
    case Errc::kInvalidArgument:
    case Errc::kUnsupported:
    case Errc::kCorrupt:
    case Errc::kNotFound:
      return false;
    default:
      return true;
  }
}

void note_success(const SchedulerKnobs& knobs, LaneState& lane) {
  DeviceState& device = *lane.device;
  device.resets.forgive();
  device.failed_in_row = 0;
  lane.failed_in_row = 0;
  lane.is_suspect = false;
  // One good batch among many bad ones does not make a device good.
  if (lane.failing.failures() > 0 && ++lane.good_since >= knobs.fail_limit) {
    lane.failing.forgive();
  }
}

/// Judges a batch that failed, before its requests are settled.
std::optional<Charge> judge(const ScheduleState& state, const BatchState& batch, Errc code) {
  LaneState& lane = *batch.lane;
  if (batch.is_cancelled) {
    return Charge{&lane, DecisionReason::kJobOverdue};
  }
  if (code == Errc::kDeviceLost) {
    return Charge{&lane, DecisionReason::kJobLost};
  }
  // One that fails again tells of its request.
  const bool is_first =
      std::any_of(batch.requests.begin(), batch.requests.end(), [&](RequestSlot slot) {
        return state.requests.at(slot).failures == 0;
      });
  if (!is_first || !counts(code)) {
    return std::nullopt;
  }
  ++lane.failed_in_row;
  ++lane.device->failed_in_row;
  const std::uint32_t limit = state.knobs.fail_limit;
  if (!lane.is_suspect && lane.failed_in_row < limit && lane.device->failed_in_row < limit) {
    return std::nullopt;
  }
  return Charge{&lane, DecisionReason::kJobsFail};
}

/// Frees the place of a batch whose requests are settled.
void put_away(ScheduleState& state, BatchState& batch) {
  DeviceState& device = *batch.device;
  --batch.lane->references;
  --device.batches_out;
  --state.batches_out;
  state.free_batches.push_back(static_cast<std::uint32_t>(batch.number.value % kBatchSlots));
  if (!device.is_removed) {
    mark_dirty(state, device);
  }
}

Decision decision_of(DecisionKind kind, const BatchState& batch, TimePoint now) {
  Decision decision;
  decision.kind = kind;
  decision.time = now;
  decision.number = batch.number.value;
  decision.device = batch.device->number;
  decision.package = batch.lane->package->number;
  decision.count = static_cast<std::uint32_t>(batch.requests.size());
  return decision;
}

}  // namespace

std::optional<Charge> complete(ScheduleState& state, const BatchDone& event, TimePoint now) {
  BatchState* batch = find_batch(state, event.batch);
  if (batch == nullptr) {
    ++state.stale;
    Decision decision;
    decision.kind = DecisionKind::kStale;
    decision.time = now;
    decision.number = event.batch.value;
    state.ring.add(decision);
    return std::nullopt;
  }
  const bool is_fine = event.code == Errc::kOk;
  batch->is_out = false;
  state.limits.take(batch->limit);
  // What was lost teaches nothing and costs nobody anything.
  const Duration occupied = is_fine ? learn(*batch, now) : Duration{0};
  std::optional<Charge> charge_of_it;
  // What ends after its device has faulted tells nothing of the device that comes back.
  if (batch->residence != nullptr) {
    --batch->residence->in_flight;
    batch->residence->turn.time += occupied;
    if (is_fine) {
      note_success(state.knobs, *batch->lane);
    } else if (!batch->device->is_removed) {
      charge_of_it = judge(state, *batch, event.code);
    }
  }
  const double per_frame = static_cast<double>(occupied.count()) * batch->cores /
                           std::max<std::uint32_t>(batch->frames, 1);
  for (const RequestSlot slot : batch->requests) {
    settle_charges(state, *batch, slot, per_frame);
    settle(state, *batch, slot, event.code, now);
  }
  if (!is_fine) {
    state.ring.add(decision_of(DecisionKind::kLost, *batch, now));
  }
  put_away(state, *batch);
  return charge_of_it;
}

void abandon(ScheduleState& state, BatchState& batch, TimePoint now) {
  batch.is_out = false;
  state.limits.take(batch.limit);
  for (const RequestSlot slot : batch.requests) {
    settle_charges(state, batch, slot, 0);
    settle(state, batch, slot, Errc::kDeviceLost, now);
  }
  state.abandoned.push_back({batch.number, batch.device->number});
  state.ring.add(decision_of(DecisionKind::kAbandoned, batch, now));
  put_away(state, batch);
}

std::optional<Charge> check_limits(ScheduleState& state, TimePoint now, SchedulerActions& out) {
  while (!state.limits.empty() && state.limits.top_key() <= now) {
    BatchState& batch = state.limits.top();
    if (batch.residence == nullptr) {
      // Its device was reset and is back, but has not ended it.
      state.limits.take(batch.limit);
      if (batch.device->resets.failures() > 0) {
        return Charge{batch.lane, DecisionReason::kJobsLeft};
      }
      abandon(state, batch, now);
      continue;
    }
    if (batch.is_cancelled) {
      state.limits.take(batch.limit);
      return Charge{batch.lane, DecisionReason::kJobOverdue};
    }
    batch.is_cancelled = true;
    state.limits.put(batch.limit, batch.started_at + 2 * state.knobs.job_limit);
    out.add(CancelBatch{batch.number, batch.device->number});
    Decision decision = decision_of(DecisionKind::kJobLimit, batch, now);
    decision.count = 0;
    state.ring.add(decision);
  }
  return std::nullopt;
}

}  // namespace penstock
