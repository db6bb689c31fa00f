#pragma once

#include <cstddef>
#include <cstdint>

namespace penstock {

/// A plane of bytes to read. Units: bytes and rows.
struct PlaneView {
  const std::uint8_t* data = nullptr;
  std::size_t stride_bytes = 0;
  int width = 0;
  int height = 0;
};

/// Writes `from`, turned clockwise by `quarter_turns` (0..3), to rows of `to_stride_bytes`. For odd
/// turns the result is `from.height` wide.
/// Cost: one pass, in blocks that stay in the cache.
void rotate_plane(const PlaneView& from,
                  int quarter_turns,
                  std::uint8_t* to,
                  std::size_t to_stride_bytes) noexcept;

}  // namespace penstock
