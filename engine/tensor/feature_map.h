#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/result.h"
#include "engine/memory/buffer.h"
#include "engine/tensor/affine.h"
#include "engine/tensor/element_type.h"
#include "engine/tensor/shape.h"

namespace penstock {

/// How stored integers stand for reals: `real = (stored - zero_point) * scale`, per tensor, or per
/// channel along `axis` where `channel_scales` is not empty.
struct Quantization {
  float scale = 1;
  std::int32_t zero_point = 0;
  int axis = -1;
  std::vector<float> channel_scales;

  [[nodiscard]] bool is_identity() const noexcept {
    return scale == 1 && zero_point == 0 && channel_scales.empty();
  }

  friend bool operator==(const Quantization&, const Quantization&) = default;
};

/// Describes a tensor without its memory: what a model's port wants or gives.
///
/// Shapes: `shape` in memory order; `layout` names the same axes with letters of N, C, H, W, D, T
/// ("NHWC"), or is empty where nobody knows.
/// Units: `padding` counts elements that the device wants beyond `shape`, per axis, at its end.
struct TensorSpec {
  std::string name;
  ElementType type = ElementType::kUndefined;
  Shape shape;
  std::string layout;
  Quantization quantization;
  Shape padding;

  /// Returns "f32 1x300x300x3 NHWC".
  [[nodiscard]] std::string to_string() const;
  friend bool operator==(const TensorSpec&, const TensorSpec&) = default;
};

/// A tensor in memory: what it is, where its bytes are, and how its pixels map to the source
/// picture.
///
/// Ownership: shares the buffer; copying a feature map copies handles, never elements. What is
/// visible to more than one holder is never written again.
/// Shapes: `shape` is the actual one (the spec's may have open extents). `strides_bytes` are 0 for
/// a dense map; a map with strides never reaches a driver. Cost of a copy: two atomic increments.
struct FeatureMap {
  std::shared_ptr<const TensorSpec> spec;
  Shape shape;
  std::array<std::int64_t, Shape::kMaxRank> strides_bytes{};
  Buffer buffer;
  std::size_t offset = 0;  ///< Bytes from the start of `buffer`.
  Affine to_source;

  [[nodiscard]] bool is_dense() const noexcept { return strides_bytes[0] == 0; }

  [[nodiscard]] const std::byte* data() const noexcept { return buffer.data() + offset; }

  /// Pre: nobody else holds the buffer yet.
  [[nodiscard]] std::byte* mutable_data() noexcept { return buffer.mutable_data() + offset; }

  /// Returns the elements as `T`. Pre: dense, and `T` has the size of the element type.
  template <class T>
  [[nodiscard]] const T* as() const noexcept {
    return reinterpret_cast<const T*>(data());
  }
};

/// Returns a dense map of `spec` with shape `shape` on `buffer`.
/// Errors: `kInvalidArgument` if the shape is open, does not fit the spec's, or needs more bytes
/// than the buffer has behind `offset`.
Result<FeatureMap> make_feature_map(std::shared_ptr<const TensorSpec> spec,
                                    const Shape& shape,
                                    Buffer buffer,
                                    std::size_t offset = 0);

}  // namespace penstock
