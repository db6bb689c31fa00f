#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "engine/tensor/image.h"

namespace penstock::testing {

/// Returns an RGB picture of one colour.
inline Image rgb_picture(int width, int height, std::array<std::uint8_t, 3> color) {
  const ImageLayout layout = layout_of(PixelFormat::kRgb, width, height, 1);
  Image image;
  image.format = PixelFormat::kRgb;
  image.width = width;
  image.height = height;
  image.planes = layout.planes;
  image.buffer = Buffer::allocate(layout.bytes);
  for (int y = 0; y < height; ++y) {
    std::uint8_t* row =
        image.mutable_plane(0) + static_cast<std::size_t>(y) * image.planes[0].stride_bytes;
    for (int x = 0; x < width; ++x) {
      std::copy(color.begin(), color.end(), row + static_cast<std::ptrdiff_t>(3) * x);
    }
  }
  return image;
}

/// Returns an I420 picture of one colour.
inline Image i420_picture(int width, int height, std::array<std::uint8_t, 3> yuv) {
  const ImageLayout layout = layout_of(PixelFormat::kI420, width, height, 1);
  Image image;
  image.format = PixelFormat::kI420;
  image.width = width;
  image.height = height;
  image.planes = layout.planes;
  image.buffer = Buffer::allocate(layout.bytes);
  for (std::size_t p = 0; p < yuv.size(); ++p) {
    const int rows = p == 0 ? height : (height + 1) / 2;
    std::uint8_t* first = image.mutable_plane(p);
    std::fill(first, first + static_cast<std::size_t>(rows) * image.planes[p].stride_bytes, yuv[p]);
  }
  return image;
}

}  // namespace penstock::testing
