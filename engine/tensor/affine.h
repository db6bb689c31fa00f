#pragma once

#include <optional>

namespace penstock {

/// A point in pixels: x to the right, y down, the corner of the first pixel at (0, 0).
struct Point {
  float x = 0;
  float y = 0;
  friend bool operator==(const Point&, const Point&) = default;
};

/// An axis-parallel box in pixels: its left upper corner and its size.
struct Box {
  float x = 0;
  float y = 0;
  float w = 0;
  float h = 0;

  [[nodiscard]] float area() const noexcept { return w * h; }

  friend bool operator==(const Box&, const Box&) = default;
};

/// Returns intersection over union, 0 where either box is empty.
float iou(const Box& a, const Box& b) noexcept;

/// The affine map from a picture's or tensor's own pixels to those of the source picture:
/// `x' = xx * x + xy * y + dx`, `y' = yx * x + yy * y + dy`.
///
/// Every resize, letterbox, crop and rotation composes its own step into it, so that decoders and
/// overlays map back without knowing what happened on the way.
/// Units: pixels, corner convention (pixel centres at .5).
struct Affine {
  float xx = 1;
  float xy = 0;
  float dx = 0;
  float yx = 0;
  float yy = 1;
  float dy = 0;

  /// Returns the map `p -> (scale_x * p.x + dx, scale_y * p.y + dy)`.
  static Affine scale_and_shift(float scale_x, float scale_y, float dx, float dy) noexcept;

  [[nodiscard]] Point apply(Point p) const noexcept;
  /// Returns the smallest axis-parallel box around the mapped corners.
  [[nodiscard]] Box apply(const Box& box) const noexcept;
  /// Returns the map that applies `first`, then this one.
  [[nodiscard]] Affine after(const Affine& first) const noexcept;
  /// Returns the inverse; nothing where the map is singular.
  [[nodiscard]] std::optional<Affine> inverse() const noexcept;

  friend bool operator==(const Affine&, const Affine&) = default;
};

}  // namespace penstock
