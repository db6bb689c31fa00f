#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "engine/base/result.h"
#include "engine/tensor/feature_map.h"

namespace penstock {

/// One side of a joint between two models that run one after the other.
struct ModelSide {
  std::string model;  ///< For messages: "graph 'pre.onnx'".
  std::span<const TensorSpec> tensors;
};

/// Returns which of the outputs in `given` each input in `wanted` is, by name. An input that no
/// output has the name of takes the only output if both sides have one tensor: converters rename
/// the tensors at a cut. Outputs that nobody wants are allowed.
/// Errors: `kCorrupt`, naming model, tensor and both values, for an input without its output, or
/// one of another type or shape; extents that are open on one side fit any.
Result<std::vector<std::size_t>> match_tensors(const ModelSide& given, const ModelSide& wanted);

/// Checks that `given`, which the output of a model gives, can be what the input `wanted` of the
/// next one takes. Errors: as `match_tensors`.
Status check_joint(const std::string& giver,
                   const TensorSpec& given,
                   const std::string& taker,
                   const TensorSpec& wanted);

}  // namespace penstock
