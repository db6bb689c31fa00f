#pragma once

#include <vector>

#include "engine/graph/graph_draft.h"
#include "engine/graph/graph_spec.h"
#include "engine/yaml/diagnostic.h"

namespace penstock {

/// Fills the `flows` of every actor of `actors` that runs a model: what the actor says wins over
/// what the stream's source says, and that over what the model says.
///
/// Reports E033 for a weight of a stream that does not pass.
void resolve_flows(const GraphDraft& draft,
                   std::vector<ActorSpec>& actors,
                   Diagnostics& diagnostics);

/// Reports E052 for a batch, or a `min_frames`, that is larger than all frames which may wait for
/// its model at once: it would never be full. What crops multiply cannot be counted and is left
/// alone.
void check_batches(const GraphDraft& draft,
                   const std::vector<ActorSpec>& actors,
                   Diagnostics& diagnostics);

}  // namespace penstock
