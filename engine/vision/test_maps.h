#pragma once

#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/check.h"
#include "engine/tensor/feature_map.h"

namespace penstock::testing {

/// Returns the spec of an f32 output, as a model would declare it.
inline TensorSpec f32_spec(const std::string& name, const Shape& shape) {
  TensorSpec spec;
  spec.name = name;
  spec.type = ElementType::kF32;
  spec.shape = shape;
  return spec;
}

/// Returns a dense map of `spec` (whose shape is static) with the given stored elements.
template <class T>
FeatureMap map_of(const TensorSpec& spec, const std::vector<T>& elements) {
  const auto bytes = spec.shape.dense_bytes(spec.type);
  PENSTOCK_CHECK(bytes.has_value() && *bytes == elements.size() * sizeof(T))
      << spec.to_string() << " from " << elements.size() << " elements";
  Buffer buffer = Buffer::allocate(*bytes);
  std::memcpy(buffer.mutable_data(), elements.data(), *bytes);
  auto map = make_feature_map(std::make_shared<TensorSpec>(spec), spec.shape, std::move(buffer));
  PENSTOCK_CHECK(map.has_value()) << map.error().message;
  return std::move(map).value();
}

}  // namespace penstock::testing
