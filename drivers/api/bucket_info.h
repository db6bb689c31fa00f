#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "drivers/api/model_info.h"
#include "drivers/api/option_reader.h"
#include "drivers/api/shape_options.h"
#include "engine/base/result.h"
#include "engine/tensor/shape_bucket.h"

/// For drivers with buckets: how the model of each shape makes the description of them all.
namespace penstock {

/// Returns the shapes of `model`'s ports.
ShapeBucket bucket_of(const ModelInfo& model);

/// Returns the order of `models` as buckets, the smallest first; equal ones keep theirs. Pre: all
/// inputs have fixed shapes, or the order is as good as any.
std::vector<std::size_t> bucket_order(std::span<const ModelInfo> models);

/// Describes one model by those that were made of it for several shapes, the smallest first: its
/// buckets, its ports with the extents open in which those differ, and the property "buckets". The
/// rest is of the first, but for requests and batches, of which it has the range.
/// Errors: `kInvalidArgument` where one leaves an input open; `kUnsupported` where ranks differ.
Result<ModelInfo> describe_buckets(std::span<const ModelInfo> models);

/// Returns what fills inputs that are smaller than their bucket: one element an input.
/// Errors: `kInvalidArgument` for a value that an input's type cannot hold, naming the input, but
/// not the option, which the caller names; `kUnsupported` for a packed type.
Result<std::vector<std::vector<std::byte>>> padding_of(const ModelInfo& model, double value);

/// Returns `model` with `batch` as the first extent of every port, unless it is 0.
ModelInfo with_batch(ModelInfo model, std::int64_t batch);

/// Returns `model`, whose ports come from options and not from a file, in the shapes of `choice`.
/// What that leaves open in an output takes the extent that the first input has there.
/// Nothing after a complaint to `reader`, about a shape that is not for this model.
std::optional<ModelInfo> shape_ports(OptionReader& reader,
                                     ModelInfo model,
                                     const ShapeChoice& choice);

}  // namespace penstock
