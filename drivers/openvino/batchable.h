#pragma once

#include <cstdint>
#include <memory>

#include <openvino/core/model.hpp>

#include "engine/base/result.h"

namespace penstock::openvino {

/// Changes a model of batch 1 into one of batch `batch`.
///
/// Detectors often end in a Reshape to a constant shape that begins with 1: with a larger batch it
/// fails, or, worse, folds the batch into the anchors without a word. Each such Reshape is made to
/// keep its first extent, and afterwards every output must begin with `batch`.
///
/// Errors: `kUnsupported` if an input or output does not begin with the batch, naming it, or
/// OpenVINO cannot give the model that shape. The model is then spoilt.
Status set_batch(ov::Model& model, std::int64_t batch);

}  // namespace penstock::openvino
