#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "drivers/api/option_reader.h"
#include "engine/base/result.h"
#include "engine/tensor/feature_map.h"

namespace penstock {

/// One way to fix what a model leaves open.
struct ShapeChoice {
  std::map<std::string, Shape> shapes;  ///< By the name of an input, or its number from 0.
  std::int64_t batch = 0;               ///< The first extent of every port; 0: as it is.
};

/// The load options that fix open extents, in the words that all drivers share:
///
///   shape.images  1x3x320x320,1x3x640x640   shapes of input 'images' (or shape.0, by number)
///   batch         8                         the first extent of every port
///   batch.buckets 1,2,4                     smaller batches, for those that are not full
///   pad           0                         fills an input that is smaller than its bucket
///
/// The shapes of several inputs go together by place; an input with one shape has it in all. Each
/// combination of shapes and batch is a bucket.
struct ShapeOptions {
  std::vector<ShapeChoice> choices;  ///< At least one; more than one make buckets.
  double pad = 0;

  [[nodiscard]] bool has_buckets() const noexcept { return choices.size() > 1; }
};

/// Reads the options; complaints stay in `reader`: shapes in another form, with open or empty
/// extents, given twice or not in ascending order; lists of different lengths; more combinations
/// than `kMaxShapeBuckets`.
ShapeOptions read_shape_options(OptionReader& reader);

/// Returns the place of the input that `key` names: by name, else by number.
/// Errors: `kInvalidArgument`, naming the option and the inputs.
Result<std::size_t> input_of(const std::string& key, const std::vector<std::string>& names);

/// Returns why `wanted` cannot be the shape of an input that has `given`: another rank, or another
/// extent where that is fixed. Empty if it can.
std::string misfit_of(const Shape& wanted, const Shape& given);

}  // namespace penstock
