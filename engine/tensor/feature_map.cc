#include "engine/tensor/feature_map.h"

#include <utility>

namespace penstock {

std::string TensorSpec::to_string() const {
  std::string text = std::string(penstock::to_string(type)) + " " + shape.to_string();
  if (!layout.empty()) {
    text += " " + layout;
  }
  return text;
}

Result<FeatureMap> make_feature_map(std::shared_ptr<const TensorSpec> spec,
                                    const Shape& shape,
                                    Buffer buffer,
                                    std::size_t offset) {
  if (!fits(shape, spec->shape)) {
    return Error{Errc::kInvalidArgument,
                 "tensor '" + spec->name + "': shape " + shape.to_string() + ", its spec wants " +
                     spec->shape.to_string()};
  }
  const auto bytes = shape.dense_bytes(spec->type);
  if (!bytes.has_value()) {
    return Error{Errc::kInvalidArgument,
                 "tensor '" + spec->name + "': shape " + shape.to_string() +
                     " has an open extent or more elements than can be counted"};
  }
  if (offset > buffer.size() || *bytes > buffer.size() - offset) {
    return Error{Errc::kInvalidArgument,
                 "tensor '" + spec->name + "': needs " + std::to_string(*bytes) +
                     " bytes at offset " + std::to_string(offset) + ", its buffer has " +
                     std::to_string(buffer.size())};
  }
  FeatureMap map;
  map.spec = std::move(spec);
  map.shape = shape;
  map.buffer = std::move(buffer);
  map.offset = offset;
  return map;
}

}  // namespace penstock
