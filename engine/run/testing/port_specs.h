#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/check.h"
#include "engine/memory/buffer.h"
#include "engine/tensor/feature_map.h"

namespace penstock::testing {

/// The ports of one side of a model.
using PortSpecs = std::vector<std::shared_ptr<const TensorSpec>>;

inline std::shared_ptr<const TensorSpec> port_spec(std::string name,
                                                   ElementType type,
                                                   const Shape& shape) {
  auto spec = std::make_shared<TensorSpec>();
  spec->name = std::move(name);
  spec->type = type;
  spec->shape = shape;
  return spec;
}

/// Returns a tensor of a port, in `shape`, in memory of its own. Pre: it fits the port.
inline FeatureMap port_map(const std::shared_ptr<const TensorSpec>& spec, const Shape& shape) {
  const auto bytes = shape.dense_bytes(spec->type);
  PENSTOCK_CHECK(bytes.has_value()) << shape.to_string();
  return make_feature_map(spec, shape, Buffer::allocate(*bytes)).value();
}

}  // namespace penstock::testing
