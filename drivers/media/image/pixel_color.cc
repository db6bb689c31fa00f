#include "drivers/media/image/pixel_color.h"

#include <algorithm>
#include <cmath>

namespace penstock {
namespace {

std::uint8_t rounded(double value) noexcept {
  return static_cast<std::uint8_t>(std::lround(std::clamp(value, 0.0, 255.0)));
}

/// ITU-R BT.601-7 and BT.709-6.
std::array<std::uint8_t, 3> yuv_of(Rgb color, ColorMatrix matrix, ColorRange range) noexcept {
  const double kr = matrix == ColorMatrix::kBt709 ? 0.2126 : 0.299;
  const double kb = matrix == ColorMatrix::kBt709 ? 0.0722 : 0.114;
  const double y = kr * color.r + (1 - kr - kb) * color.g + kb * color.b;
  const double u = (color.b - y) / (2 * (1 - kb));
  const double v = (color.r - y) / (2 * (1 - kr));
  if (range == ColorRange::kFull) {
    return {rounded(y), rounded(128 + u), rounded(128 + v)};
  }
  return {rounded(16 + y * 219 / 255), rounded(128 + u * 224 / 255), rounded(128 + v * 224 / 255)};
}

}  // namespace

std::array<std::uint8_t, 3> components_of(Rgb color, const Image& like) noexcept {
  switch (like.format) {
    case PixelFormat::kI420:
    case PixelFormat::kNv12:
      return yuv_of(color, like.matrix, like.range);
    case PixelFormat::kRgb:
      return {color.r, color.g, color.b};
    case PixelFormat::kBgr:
      return {color.b, color.g, color.r};
    case PixelFormat::kGray:
      break;
  }
  return {static_cast<std::uint8_t>(luma_of(color)), 0, 0};
}

int luma_of(Rgb color) noexcept {
  return (299 * color.r + 587 * color.g + 114 * color.b + 500) / 1000;
}

}  // namespace penstock
