#include "engine/vision/output_shape.h"

#include "engine/vision/tensor_reader.h"

namespace penstock {

std::optional<OutputMatrix> matrix_of(const Shape& shape) noexcept {
  if (shape.rank() < 3) {
    return std::nullopt;
  }
  OutputMatrix matrix{1, shape[shape.rank() - 1]};
  for (std::size_t axis = 1; axis + 1 < shape.rank(); ++axis) {
    if (shape[axis] == 1) {
      continue;
    }
    if (matrix.rows != 1) {
      return std::nullopt;
    }
    matrix.rows = shape[axis];
  }
  return matrix;
}

Error misfit(const TensorSpec& output, const std::string& decoder, const std::string& rule) {
  return Error{Errc::kInvalidArgument,
               "output '" + output.name + "': shape " + output.shape.to_string() + "; decoder " +
                   decoder + " wants " + rule};
}

Error wrong_output_count(std::size_t count, const std::string& decoder, const std::string& rule) {
  return Error{
      Errc::kInvalidArgument,
      "the model has " + std::to_string(count) + " outputs; decoder " + decoder + " wants " + rule};
}

Status check_readable(const TensorSpec& output, const std::string& decoder) {
  if (!TensorReader::reads(output.type)) {
    return Error{Errc::kInvalidArgument,
                 "output '" + output.name + "': element type " + to_string(output.type) +
                     "; decoder " + decoder + " reads floats and integers of whole bytes"};
  }
  return {};
}

Status check_bound_count(std::size_t bound, std::size_t declared, const std::string& decoder) {
  if (bound != declared) {
    return Error{Errc::kInvalidArgument,
                 "decoder " + decoder + " got " + std::to_string(bound) +
                     " feature maps, the model has " + std::to_string(declared) + " outputs"};
  }
  return {};
}

Error wrong_element_count(const FeatureMap& map, const std::string& decoder, std::int64_t wanted) {
  return Error{Errc::kInvalidArgument,
               "output '" + map.spec->name + "': shape " + map.shape.to_string() + "; decoder " +
                   decoder + " was made for " + std::to_string(wanted) +
                   " elements an item of the batch"};
}

Error wrong_axis(const FeatureMap& map,
                 const std::string& decoder,
                 std::size_t axis,
                 std::size_t wanted) {
  return Error{Errc::kInvalidArgument,
               "output '" + map.spec->name + "': shape " + map.shape.to_string() + "; decoder " +
                   decoder + " was made for " + std::to_string(wanted) + " along axis " +
                   std::to_string(axis)};
}

}  // namespace penstock
