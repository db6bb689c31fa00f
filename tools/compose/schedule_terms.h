#pragma once

#include <cstdint>

#include "engine/graph/graph_spec.h"
#include "engine/schedule/knobs.h"

/// What the words of a graph are in the scheduler's terms.
/// Thread-safety: any thread.
namespace penstock {

[[nodiscard]] PriorityClass class_of(Priority priority);
[[nodiscard]] FlowPlacement placement_of(Placement placement);
[[nodiscard]] WhenFull when_full_of(DropPolicy drop);
[[nodiscard]] bool does_drop(const ModelSpec& model);

/// Returns `value`, which the graph's check has bounded, as the scheduler counts.
[[nodiscard]] std::uint32_t narrow(std::int64_t value);

/// Returns how many frames are in `requests` of the model.
[[nodiscard]] std::uint32_t frames_of(const ModelSpec& model, std::uint32_t requests);

/// Returns how many frames of one user of the model the scheduler takes: `ifmap_queue_size` wait
/// beside as many as the devices have at once, in `depth` requests. While the model is on no device
/// all of them wait.
[[nodiscard]] std::uint32_t queue_of(const ModelSpec& model, std::uint32_t depth);

/// Returns how many frames of one user may be at the devices or done and not taken by their reader:
/// what `ofmap_queue_size` says, but never less than a batch. Where nobody wrote it, twice what the
/// devices take at once, if that is more.
[[nodiscard]] std::uint32_t outputs_of(const ModelSpec& model, std::uint32_t depth);

/// Returns how many requests of one user may be with the scheduler at once, so that the devices are
/// busy; and for a model that is swapped as many as its queue holds, so that a turn is worth it.
[[nodiscard]] std::uint32_t requests_of(const ModelSpec& model,
                                        std::uint32_t depth,
                                        bool is_swapped);

/// Returns how many inferences a station may have with the pool at once. A queue that drops is full
/// only if one more than it holds can come, though each of them is a batch of one frame.
[[nodiscard]] std::uint32_t slots_of(const ModelSpec& model, std::uint32_t requests);

/// Returns the words that hold for all that a client runs. It weighs what its streams do on
/// average, which share by their weights what it gets: so a weight counts beside other actors as
/// well.
[[nodiscard]] ClientKnobs client_knobs(const ActorSpec& actor, const ScheduleKnobs& words);

/// Returns the words of `scheduler:`. A model's own `job_limit` tightens that of all, since a
/// device has one.
[[nodiscard]] SchedulerKnobs scheduler_knobs(const GraphSpec& spec);

}  // namespace penstock
