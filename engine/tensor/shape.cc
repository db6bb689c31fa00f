#include "engine/tensor/shape.h"

#include <algorithm>
#include <limits>

#include "engine/base/check.h"

namespace penstock {

Shape::Shape(std::initializer_list<std::int64_t> extents)
    : Shape(std::span<const std::int64_t>(extents.begin(), extents.size())) {}

Shape::Shape(std::span<const std::int64_t> extents) : rank_(extents.size()) {
  PENSTOCK_CHECK(extents.size() <= kMaxRank) << "a shape of " << extents.size() << " axes";
  std::copy(extents.begin(), extents.end(), extents_.begin());
}

bool Shape::is_static() const noexcept {
  return std::all_of(extents_.begin(),
                     extents_.begin() + static_cast<std::ptrdiff_t>(rank_),
                     [](std::int64_t e) { return e >= 0; });
}

std::optional<std::int64_t> Shape::element_count() const noexcept {
  std::int64_t count = 1;
  for (const std::int64_t extent : extents()) {
    if (extent < 0) {
      return std::nullopt;
    }
    if (__builtin_mul_overflow(count, extent, &count)) {
      return std::nullopt;
    }
  }
  return count;
}

std::optional<std::size_t> Shape::dense_bytes(ElementType type) const noexcept {
  const auto count = element_count();
  if (!count.has_value()) {
    return std::nullopt;
  }
  std::int64_t bits = 0;
  if (__builtin_mul_overflow(*count, static_cast<std::int64_t>(bits_of(type)), &bits) ||
      bits > std::numeric_limits<std::int64_t>::max() - 7) {
    return std::nullopt;
  }
  return static_cast<std::size_t>((bits + 7) / 8);
}

std::string Shape::to_string() const {
  std::string text;
  for (const std::int64_t extent : extents()) {
    if (!text.empty()) {
      text += 'x';
    }
    text += extent == kDynamic ? std::string("?") : std::to_string(extent);
  }
  return text.empty() ? "scalar" : text;
}

bool operator==(const Shape& a, const Shape& b) noexcept {
  return std::equal(a.extents().begin(), a.extents().end(), b.extents().begin(), b.extents().end());
}

bool fits(const Shape& actual, const Shape& wanted) noexcept {
  if (actual.rank() != wanted.rank()) {
    return false;
  }
  for (std::size_t axis = 0; axis < actual.rank(); ++axis) {
    if (wanted[axis] != Shape::kDynamic && actual[axis] != wanted[axis]) {
      return false;
    }
  }
  return true;
}

}  // namespace penstock
