#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "engine/base/result.h"
#include "engine/tensor/feature_map.h"

namespace penstock {

/// Reads feature maps as floats, whatever their element type: floats of any width, and integers
/// through the scale and zero point of their spec (per tensor or per channel).
///
/// A dense f32 map is read in place. Anything else is converted into memory of the reader.
/// Thread-safety: one thread at a time.
/// Cost: nothing for f32, else O(elements); no allocation once it has seen its largest map.
class TensorReader {
 public:
  /// Returns whether elements of `type` can be read: all but the packed half-byte types.
  static bool reads(ElementType type) noexcept;

  /// Returns the elements of item `batch_index` along axis 0, in memory order. Valid as long as
  /// `map` and until the next call.
  /// Errors: `kInvalidArgument` if there is no such item, or the map is longer than its buffer;
  /// `kUnsupported` if its type cannot be read, it has strides, or the host cannot read its memory.
  Result<std::span<const float>> item(const FeatureMap& map, std::size_t batch_index);

 private:
  std::vector<float> converted_;
};

}  // namespace penstock
