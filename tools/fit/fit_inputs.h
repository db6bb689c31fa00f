#pragma once

#include <vector>

#include "engine/base/result.h"
#include "engine/graph/graph_spec.h"
#include "engine/tensor/feature_map.h"
#include "tools/compose/model_loader.h"

namespace penstock {

/// Returns what one frame of `actor` puts into `model`, which it runs: of a model with buckets in
/// the size that its `preprocess` makes, in the largest where nobody says. Nothing computes on it,
/// so that its values are nobody's.
/// Errors: `kUnsupported` for an input that opens only as it runs, naming model and input.
Result<std::vector<FeatureMap>> fit_inputs(const GraphSpec& spec,
                                           const ActorSpec& actor,
                                           const ModelLoader::Loaded& model);

}  // namespace penstock
