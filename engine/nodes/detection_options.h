#pragma once

#include <vector>

#include "engine/base/result.h"
#include "engine/graph/model_probe.h"
#include "engine/graph/option_values.h"
#include "engine/graph/type_registry.h"
#include "engine/nodes/node_catalogue.h"
#include "engine/tensor/feature_map.h"
#include "engine/vision/detection.h"

namespace penstock {

/// Adds what all decoders of boxes have: `labels`, `score`, `iou`, `keep`, `top_k`,
/// `class_agnostic`, `max_candidates`.
void add_detection_options(ActorType& type);

/// Reads them. `input` is the size of the picture that the model is given.
/// Errors: `kInvalidArgument` if `keep` has a word that is no label.
Result<DetectionOptions> read_detection_options(const OptionValues& options, Size2d input);

/// Returns the model's outputs as decoders take them.
std::vector<TensorSpec> outputs_of(const ModelFacts& model);
std::vector<TensorSpec> outputs_of(const NodeArgs& args);

/// Returns the size of the picture that the model takes, 0x0 where it is not known before the run.
Size2d picture_size_of(const ModelFacts& model);
Size2d picture_size_of(const NodeArgs& args);

}  // namespace penstock
