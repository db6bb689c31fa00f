#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/tensor/shape.h"

namespace penstock {

/// One combination of fixed shapes in which a model with open extents was compiled.
///
/// A model has a list of them, the smaller ones first. An inference runs in the first that its
/// inputs fit into: same ranks, no extent larger. Inputs that are smaller are padded at the end of
/// each axis, so that what they hold keeps its coordinates. Outputs have the bucket's shapes, since
/// nobody knows which of their elements came from padding; the one exception is the batch, where
/// every input and output has it as its first extent: rows beyond the inputs' rows are cut off.
///
/// Shapes: one an input and one an output, by position.
struct ShapeBucket {
  std::vector<Shape> inputs;
  std::vector<Shape> outputs;

  /// Returns "1x3x320x320", of several inputs with commas between.
  [[nodiscard]] std::string to_string() const;
  friend bool operator==(const ShapeBucket&, const ShapeBucket&) = default;
};

/// Most buckets of one model: each is a compiled model of its own.
inline constexpr std::size_t kMaxShapeBuckets = 32;

/// Returns whether `given` can be padded to `bucket`: same rank, no extent larger.
bool fits_into(const Shape& given, const Shape& bucket) noexcept;

/// Returns the place of the first bucket that all `inputs` fit into; nothing if none takes them.
std::optional<std::size_t> choose_bucket(std::span<const ShapeBucket> buckets,
                                         std::span<const Shape> inputs) noexcept;

/// Returns the first extent of `bucket`'s ports if all have the same one, which is its batch;
/// nothing where they differ or a port has no axis.
std::optional<std::int64_t> batch_of(const ShapeBucket& bucket) noexcept;

/// Returns the shape that an output has whose inputs came with `rows` rows: that of the bucket,
/// with fewer rows where the bucket has a batch.
Shape output_shape_of(const ShapeBucket& bucket, std::size_t output, std::int64_t rows) noexcept;

/// Returns the elements of all inputs: buckets are sorted by it. Pre: static shapes.
std::int64_t size_of(const ShapeBucket& bucket) noexcept;

}  // namespace penstock
