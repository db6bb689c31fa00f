#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>

#include "engine/tensor/element_type.h"

namespace penstock {

/// The extents of a feature map in memory order, outermost first. `kDynamic` stands for an extent
/// that the model leaves open.
///
/// Cost: inline storage for up to `kMaxRank` axes, no allocation.
class Shape {
 public:
  static constexpr std::size_t kMaxRank = 8;
  static constexpr std::int64_t kDynamic = -1;

  Shape() = default;
  /// Pre: at most `kMaxRank` extents.
  Shape(std::initializer_list<std::int64_t> extents);
  explicit Shape(std::span<const std::int64_t> extents);

  [[nodiscard]] std::size_t rank() const noexcept { return rank_; }

  [[nodiscard]] std::int64_t operator[](std::size_t axis) const noexcept { return extents_[axis]; }

  void set(std::size_t axis, std::int64_t extent) noexcept { extents_[axis] = extent; }

  [[nodiscard]] std::span<const std::int64_t> extents() const noexcept {
    return {extents_.data(), rank_};
  }

  [[nodiscard]] bool is_static() const noexcept;

  /// Returns the number of elements; nothing if an extent is open or negative, or the product does
  /// not fit in 63 bits.
  [[nodiscard]] std::optional<std::int64_t> element_count() const noexcept;

  /// Returns the size of a dense map of this shape in bytes (packed half bytes are rounded up);
  /// nothing in the cases of `element_count()`.
  [[nodiscard]] std::optional<std::size_t> dense_bytes(ElementType type) const noexcept;

  /// Returns "1x300x300x3"; an open extent prints as "?".
  [[nodiscard]] std::string to_string() const;

  friend bool operator==(const Shape& a, const Shape& b) noexcept;

 private:
  std::array<std::int64_t, kMaxRank> extents_{};
  std::size_t rank_ = 0;
};

/// Returns whether `actual` can be bound where `wanted` is declared: same rank, and equal extents
/// wherever `wanted` is not open.
bool fits(const Shape& actual, const Shape& wanted) noexcept;

}  // namespace penstock
