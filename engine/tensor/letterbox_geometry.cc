#include "engine/tensor/letterbox_geometry.h"

#include <algorithm>
#include <cmath>

#include "engine/base/check.h"

namespace penstock {

Affine LetterboxGeometry::to_source() const noexcept {
  const double scale_x = static_cast<double>(src_w) / w;
  const double scale_y = static_cast<double>(src_h) / h;
  return Affine::scale_and_shift(static_cast<float>(scale_x),
                                 static_cast<float>(scale_y),
                                 static_cast<float>(-x * scale_x),
                                 static_cast<float>(-y * scale_y));
}

LetterboxGeometry letterbox_geometry(int src_w, int src_h, int dst_w, int dst_h) {
  PENSTOCK_CHECK(src_w > 0 && src_h > 0 && dst_w > 0 && dst_h > 0)
      << "letterbox " << src_w << "x" << src_h << " into " << dst_w << "x" << dst_h
      << ": sizes must be positive";
  LetterboxGeometry geometry;
  geometry.src_w = src_w;
  geometry.src_h = src_h;
  geometry.scale = std::min(static_cast<double>(dst_w) / src_w, static_cast<double>(dst_h) / src_h);
  const auto fitted = [&](int source, int destination) {
    const double exact = std::round(source * geometry.scale);
    return static_cast<int>(std::clamp(exact, 1.0, static_cast<double>(destination)));
  };
  geometry.w = fitted(src_w, dst_w);
  geometry.h = fitted(src_h, dst_h);
  geometry.x = (dst_w - geometry.w) / 2;
  geometry.y = (dst_h - geometry.h) / 2;
  return geometry;
}

}  // namespace penstock
