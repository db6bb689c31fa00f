#include "engine/tensor/affine.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace penstock {

float iou(const Box& a, const Box& b) noexcept {
  const float width = std::min(a.x + a.w, b.x + b.w) - std::max(a.x, b.x);
  const float height = std::min(a.y + a.h, b.y + b.h) - std::max(a.y, b.y);
  if (width <= 0 || height <= 0) {
    return 0;
  }
  const float shared = width * height;
  return shared / (a.area() + b.area() - shared);
}

Affine Affine::scale_and_shift(float scale_x, float scale_y, float dx, float dy) noexcept {
  return {.xx = scale_x, .xy = 0, .dx = dx, .yx = 0, .yy = scale_y, .dy = dy};
}

Point Affine::apply(Point p) const noexcept {
  return {xx * p.x + xy * p.y + dx, yx * p.x + yy * p.y + dy};
}

Box Affine::apply(const Box& box) const noexcept {
  const std::array<Point, 4> corners = {apply(Point{box.x, box.y}),
                                        apply(Point{box.x + box.w, box.y}),
                                        apply(Point{box.x, box.y + box.h}),
                                        apply(Point{box.x + box.w, box.y + box.h})};
  Point low = corners[0];
  Point high = corners[0];
  for (const Point& corner : corners) {
    low = {std::min(low.x, corner.x), std::min(low.y, corner.y)};
    high = {std::max(high.x, corner.x), std::max(high.y, corner.y)};
  }
  return {low.x, low.y, high.x - low.x, high.y - low.y};
}

Affine Affine::after(const Affine& first) const noexcept {
  return {.xx = xx * first.xx + xy * first.yx,
          .xy = xx * first.xy + xy * first.yy,
          .dx = xx * first.dx + xy * first.dy + dx,
          .yx = yx * first.xx + yy * first.yx,
          .yy = yx * first.xy + yy * first.yy,
          .dy = yx * first.dx + yy * first.dy + dy};
}

std::optional<Affine> Affine::inverse() const noexcept {
  const float determinant = xx * yy - xy * yx;
  if (determinant == 0 || !std::isfinite(determinant)) {
    return std::nullopt;
  }
  const float k = 1 / determinant;
  return Affine{.xx = yy * k,
                .xy = -xy * k,
                .dx = (xy * dy - yy * dx) * k,
                .yx = -yx * k,
                .yy = xx * k,
                .dy = (yx * dx - xx * dy) * k};
}

}  // namespace penstock
