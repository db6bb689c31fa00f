#include "engine/tensor/shape_bucket.h"

#include <algorithm>
#include <limits>

namespace penstock {

std::string ShapeBucket::to_string() const {
  std::string text;
  for (const Shape& shape : inputs) {
    text += (text.empty() ? "" : ", ") + shape.to_string();
  }
  return text;
}

bool fits_into(const Shape& given, const Shape& bucket) noexcept {
  return std::equal(given.extents().begin(),
                    given.extents().end(),
                    bucket.extents().begin(),
                    bucket.extents().end(),
                    [](std::int64_t wanted, std::int64_t room) { return wanted <= room; });
}

std::optional<std::size_t> choose_bucket(std::span<const ShapeBucket> buckets,
                                         std::span<const Shape> inputs) noexcept {
  const auto found = std::find_if(buckets.begin(), buckets.end(), [&](const ShapeBucket& bucket) {
    return std::equal(inputs.begin(),
                      inputs.end(),
                      bucket.inputs.begin(),
                      bucket.inputs.end(),
                      [](const Shape& given, const Shape& room) { return fits_into(given, room); });
  });
  if (found == buckets.end()) {
    return std::nullopt;
  }
  return static_cast<std::size_t>(found - buckets.begin());
}

std::optional<std::int64_t> batch_of(const ShapeBucket& bucket) noexcept {
  if (bucket.inputs.empty() || bucket.inputs.front().rank() == 0) {
    return std::nullopt;
  }
  const std::int64_t batch = bucket.inputs.front()[0];
  for (const auto* shapes : {&bucket.inputs, &bucket.outputs}) {
    for (const Shape& shape : *shapes) {
      if (shape.rank() == 0 || shape[0] != batch) {
        return std::nullopt;
      }
    }
  }
  return batch;
}

Shape output_shape_of(const ShapeBucket& bucket, std::size_t output, std::int64_t rows) noexcept {
  Shape shape = bucket.outputs[output];
  if (const auto batch = batch_of(bucket); batch.has_value() && rows < *batch) {
    shape.set(0, rows);
  }
  return shape;
}

std::int64_t size_of(const ShapeBucket& bucket) noexcept {
  std::int64_t size = 0;
  for (const Shape& shape : bucket.inputs) {
    const std::int64_t elements =
        shape.element_count().value_or(std::numeric_limits<std::int64_t>::max());
    if (__builtin_add_overflow(size, elements, &size)) {
      return std::numeric_limits<std::int64_t>::max();
    }
  }
  return size;
}

}  // namespace penstock
