#include "engine/tensor/image.h"

namespace penstock {

const char* to_string(PixelFormat format) noexcept {
  switch (format) {
    case PixelFormat::kI420:
      return "i420";
    case PixelFormat::kNv12:
      return "nv12";
    case PixelFormat::kRgb:
      return "rgb";
    case PixelFormat::kBgr:
      return "bgr";
    case PixelFormat::kGray:
      return "gray";
  }
  return "unknown";
}

std::size_t plane_count(PixelFormat format) noexcept {
  switch (format) {
    case PixelFormat::kI420:
      return 3;
    case PixelFormat::kNv12:
      return 2;
    case PixelFormat::kRgb:
    case PixelFormat::kBgr:
    case PixelFormat::kGray:
      return 1;
  }
  return 0;
}

ImageLayout layout_of(PixelFormat format,
                      int width,
                      int height,
                      std::size_t row_alignment) noexcept {
  const auto w = static_cast<std::size_t>(width);
  const auto h = static_cast<std::size_t>(height);
  const std::size_t half_w = (w + 1) / 2;
  const std::size_t half_h = (h + 1) / 2;
  ImageLayout layout;
  std::size_t next = 0;
  const auto add = [&](std::size_t index, std::size_t row_bytes, std::size_t rows) {
    const std::size_t stride = (row_bytes + row_alignment - 1) & ~(row_alignment - 1);
    layout.planes[index] = {next, stride};
    next += stride * rows;
  };
  switch (format) {
    case PixelFormat::kI420:
      add(0, w, h);
      add(1, half_w, half_h);
      add(2, half_w, half_h);
      break;
    case PixelFormat::kNv12:
      add(0, w, h);
      add(1, 2 * half_w, half_h);
      break;
    case PixelFormat::kRgb:
    case PixelFormat::kBgr:
      add(0, 3 * w, h);
      break;
    case PixelFormat::kGray:
      add(0, w, h);
      break;
  }
  layout.bytes = next;
  return layout;
}

}  // namespace penstock
