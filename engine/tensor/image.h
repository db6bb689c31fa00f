#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "engine/memory/buffer.h"
#include "engine/tensor/affine.h"

namespace penstock {

/// How the pixels of an 8-bit picture lie in memory.
enum class PixelFormat : std::uint8_t {
  kI420 = 0,  ///< Planes Y, U, V; chroma halved both ways, sizes rounded up.
  kNv12 = 1,  ///< Planes Y and interleaved UV; chroma halved both ways.
  kRgb = 2,   ///< One plane, 3 bytes a pixel.
  kBgr = 3,
  kGray = 4,  ///< One plane, 1 byte a pixel, full range.
};

/// Returns the word that YAML and messages use ("i420", "rgb").
const char* to_string(PixelFormat format) noexcept;

/// Which YUV values mean black and white.
enum class ColorRange : std::uint8_t { kLimited = 0, kFull = 1 };
/// Which weights turn YUV into RGB.
enum class ColorMatrix : std::uint8_t { kBt601 = 0, kBt709 = 1 };

/// One plane of a picture inside its buffer.
struct Plane {
  std::size_t offset = 0;        ///< Bytes from the start of the buffer.
  std::size_t stride_bytes = 0;  ///< From one row to the next.
  friend bool operator==(const Plane&, const Plane&) = default;
};

/// A picture in memory.
///
/// Shapes: `width` x `height` in pixels; planes as the format says.
/// Ownership: shares the buffer; copying copies handles. What is visible to more than one holder is
/// never written again.
struct Image {
  static constexpr std::size_t kMaxPlanes = 3;

  PixelFormat format = PixelFormat::kI420;
  ColorRange range = ColorRange::kLimited;
  ColorMatrix matrix = ColorMatrix::kBt601;
  int width = 0;
  int height = 0;
  std::array<Plane, kMaxPlanes> planes{};
  Buffer buffer;
  Affine to_source;

  [[nodiscard]] const std::uint8_t* plane(std::size_t index) const noexcept {
    return reinterpret_cast<const std::uint8_t*>(buffer.data()) + planes[index].offset;
  }

  /// Pre: nobody else holds the buffer yet.
  [[nodiscard]] std::uint8_t* mutable_plane(std::size_t index) noexcept {
    return reinterpret_cast<std::uint8_t*>(buffer.mutable_data()) + planes[index].offset;
  }
};

/// Returns the number of planes of `format`.
std::size_t plane_count(PixelFormat format) noexcept;

/// Where the planes of a picture lie, and how many bytes they take in all.
struct ImageLayout {
  std::array<Plane, Image::kMaxPlanes> planes{};
  std::size_t bytes = 0;
};

/// Returns the layout of a `width` x `height` picture whose rows start at multiples of
/// `row_alignment` bytes. Pre: sizes are positive, the alignment is a power of two.
ImageLayout layout_of(PixelFormat format,
                      int width,
                      int height,
                      std::size_t row_alignment) noexcept;

}  // namespace penstock
