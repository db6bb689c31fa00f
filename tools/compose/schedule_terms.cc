#include "tools/compose/schedule_terms.h"

#include <algorithm>
#include <cstdint>
#include <numeric>

namespace penstock {

PriorityClass class_of(Priority priority) {
  switch (priority) {
    case Priority::kLow:
      return PriorityClass::kLow;
    case Priority::kNormal:
      return PriorityClass::kNormal;
    case Priority::kHigh:
      return PriorityClass::kHigh;
  }
  return PriorityClass::kNormal;
}

FlowPlacement placement_of(Placement placement) {
  switch (placement) {
    case Placement::kPinned:
      return FlowPlacement::kPinned;
    case Placement::kRoundRobin:
      return FlowPlacement::kRoundRobin;
    case Placement::kLeastLoaded:
      return FlowPlacement::kLeastLoaded;
  }
  return FlowPlacement::kPinned;
}

WhenFull when_full_of(DropPolicy drop) {
  switch (drop) {
    case DropPolicy::kNone:
      return WhenFull::kBlock;
    case DropPolicy::kOldest:
      return WhenFull::kDropOldest;
    case DropPolicy::kNewest:
      return WhenFull::kDropNewest;
  }
  return WhenFull::kBlock;
}

bool does_drop(const ModelSpec& model) {
  return model.knobs.drop != DropPolicy::kNone;
}

std::uint32_t narrow(std::int64_t value) {
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(value, 0, UINT32_MAX));
}

std::uint32_t frames_of(const ModelSpec& model, std::uint32_t requests) {
  return requests * std::max(1U, narrow(model.batch_size));
}

std::uint32_t queue_of(const ModelSpec& model, std::uint32_t depth) {
  return frames_of(model, depth) + narrow(model.knobs.ifmap_queue_size);
}

std::uint32_t outputs_of(const ModelSpec& model, std::uint32_t depth) {
  const bool is_told = model.options.is_written("ofmap_queue_size");
  return std::max(narrow(model.knobs.ofmap_queue_size), frames_of(model, is_told ? 1 : 2 * depth));
}

std::uint32_t requests_of(const ModelSpec& model, std::uint32_t depth, bool is_swapped) {
  const std::uint32_t batch = frames_of(model, 1);
  const std::uint32_t queue = narrow(model.knobs.ifmap_queue_size);
  if (does_drop(model)) {
    return depth + (queue + batch - 1) / batch + 1;  // One more than it holds, to fill it.
  }
  return is_swapped ? depth + queue / batch : depth;
}

std::uint32_t slots_of(const ModelSpec& model, std::uint32_t requests) {
  return does_drop(model) ? frames_of(model, requests) : requests;
}

ClientKnobs client_knobs(const ActorSpec& actor, const ScheduleKnobs& words) {
  ClientKnobs knobs;
  knobs.priority = class_of(words.priority);
  knobs.weight = words.weight;
  if (!actor.flows.empty()) {
    const double sum = std::accumulate(
        actor.flows.begin(), actor.flows.end(), 0.0, [](double before, const FlowSpec& flow) {
          return before + flow.weight;
        });
    knobs.weight = sum / static_cast<double>(actor.flows.size());
  }
  return knobs;
}

SchedulerKnobs scheduler_knobs(const GraphSpec& spec) {
  SchedulerKnobs knobs;
  knobs.swap_share = spec.scheduler.swap_share;
  knobs.job_limit = spec.scheduler.job_limit;
  knobs.change_limit = spec.scheduler.change_limit;
  knobs.fail_limit = narrow(spec.scheduler.fail_limit);
  knobs.load_tries = narrow(spec.scheduler.load_tries);
  knobs.reset_tries = narrow(spec.scheduler.reset_tries);
  knobs.lost_tries = narrow(spec.scheduler.retries) + 1;  // The first run is no retry.
  knobs.decisions_kept = narrow(spec.scheduler.history);
  for (const ModelSpec& model : spec.models) {
    knobs.job_limit = std::min<Duration>(knobs.job_limit, model.knobs.job_limit);
  }
  return knobs;
}

}  // namespace penstock
