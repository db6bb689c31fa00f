#pragma once

#include <cstddef>
#include <span>

#include "drivers/api/model_info.h"
#include "engine/base/result.h"
#include "engine/tensor/shape.h"

namespace penstock {

/// Returns the place of the bucket in which `inputs` run. Pre: `model` has buckets, and as many
/// inputs.
/// Errors: `kInvalidArgument` where no bucket takes them, naming the input, its shape and the
/// largest bucket.
/// Cost: allocates only for the error.
Result<std::size_t> bucket_for(const ModelInfo& model, std::span<const Shape> inputs);

}  // namespace penstock
