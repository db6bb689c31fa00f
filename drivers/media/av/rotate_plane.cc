#include "drivers/media/av/rotate_plane.h"

#include <algorithm>

namespace penstock {
namespace {

constexpr std::ptrdiff_t kBlock = 32;

}  // namespace

void rotate_plane(const PlaneView& from,
                  int quarter_turns,
                  std::uint8_t* to,
                  std::size_t to_stride_bytes) noexcept {
  const auto width = static_cast<std::ptrdiff_t>(from.width);
  const auto height = static_cast<std::ptrdiff_t>(from.height);
  const auto stride = static_cast<std::ptrdiff_t>(to_stride_bytes);
  // Where the first source pixel goes, and how far one step right or down moves it.
  std::ptrdiff_t origin = 0;
  std::ptrdiff_t step_x = 1;
  std::ptrdiff_t step_y = stride;
  if (quarter_turns == 1) {
    origin = height - 1;
    step_x = stride;
    step_y = -1;
  } else if (quarter_turns == 2) {
    origin = (height - 1) * stride + width - 1;
    step_x = -1;
    step_y = -stride;
  } else if (quarter_turns == 3) {
    origin = (width - 1) * stride;
    step_x = -stride;
    step_y = 1;
  }
  for (std::ptrdiff_t block_y = 0; block_y < height; block_y += kBlock) {
    for (std::ptrdiff_t block_x = 0; block_x < width; block_x += kBlock) {
      for (std::ptrdiff_t y = block_y; y < std::min(block_y + kBlock, height); ++y) {
        const std::uint8_t* row = from.data + y * static_cast<std::ptrdiff_t>(from.stride_bytes);
        for (std::ptrdiff_t x = block_x; x < std::min(block_x + kBlock, width); ++x) {
          to[origin + x * step_x + y * step_y] = row[x];
        }
      }
    }
  }
}

}  // namespace penstock
