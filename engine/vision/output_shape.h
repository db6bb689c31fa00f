#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "engine/base/result.h"
#include "engine/tensor/feature_map.h"

namespace penstock {

/// An output seen as one matrix per item of the batch. An extent that the model leaves open is
/// `Shape::kDynamic`.
struct OutputMatrix {
  std::int64_t rows = 0;
  std::int64_t cols = 0;
};

/// Returns `shape` without its batch axis as rows x columns: the last axis is the columns, of the
/// axes between at most one may differ from 1 (exporters write 1x1917x4 and 1x1917x1x4). Nothing if
/// it has fewer than three axes or more than one such axis.
std::optional<OutputMatrix> matrix_of(const Shape& shape) noexcept;

/// Returns whether an extent is `wanted` or open.
constexpr bool may_be(std::int64_t extent, std::int64_t wanted) noexcept {
  return extent == wanted || extent == Shape::kDynamic;
}

/// Returns the failure "output 'boxes': shape 1x1917x5; decoder ssd wants 1x1917x4".
Error misfit(const TensorSpec& output, const std::string& decoder, const std::string& rule);

/// Returns the failure for a wrong number of outputs.
Error wrong_output_count(std::size_t count, const std::string& decoder, const std::string& rule);

/// Errors: `kInvalidArgument` if decoders cannot read the output's element type.
Status check_readable(const TensorSpec& output, const std::string& decoder);

/// Errors: `kInvalidArgument` if the number of maps at run time is not that of the model.
Status check_bound_count(std::size_t bound, std::size_t declared, const std::string& decoder);

/// Returns the failure for a map whose item has `count` elements at run time.
Error wrong_element_count(const FeatureMap& map, const std::string& decoder, std::int64_t wanted);

/// Returns the failure for a map that does not have `wanted` along `axis` at run time.
Error wrong_axis(const FeatureMap& map,
                 const std::string& decoder,
                 std::size_t axis,
                 std::size_t wanted);

}  // namespace penstock
