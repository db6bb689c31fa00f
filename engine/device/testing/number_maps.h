#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <utility>

#include "engine/base/check.h"
#include "engine/memory/buffer.h"
#include "engine/tensor/feature_map.h"

namespace penstock::testing {

/// Returns the spec of one number (i32).
inline const std::shared_ptr<const TensorSpec>& number_spec() {
  static const auto kSpec = [] {
    auto spec = std::make_shared<TensorSpec>();
    spec->name = "number";
    spec->type = ElementType::kI32;
    spec->shape = Shape({1});
    return std::shared_ptr<const TensorSpec>(std::move(spec));
  }();
  return kSpec;
}

/// Returns a map that holds `value`, in memory of its own.
inline FeatureMap number_map(std::int32_t value) {
  auto map = make_feature_map(number_spec(), number_spec()->shape, Buffer::allocate(sizeof(value)));
  PENSTOCK_CHECK(map.has_value()) << map.error().message;
  std::memcpy(map->mutable_data(), &value, sizeof(value));
  return std::move(map).value();
}

inline std::int32_t number_of(const FeatureMap& map) {
  std::int32_t value = 0;
  std::memcpy(&value, map.data(), sizeof(value));
  return value;
}

}  // namespace penstock::testing
