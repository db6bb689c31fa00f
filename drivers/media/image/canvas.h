#pragma once

#include <cstddef>
#include <cstdint>

#include "drivers/media/image/pixel_color.h"
#include "engine/tensor/image.h"

namespace penstock {

/// A rectangle of whole pixels. May lie outside the picture: what does is not drawn.
struct PixelRect {
  int x = 0;
  int y = 0;
  int w = 0;
  int h = 0;
  friend bool operator==(const PixelRect&, const PixelRect&) = default;
};

/// How much of each pixel a shape covers, 0..255.
struct CoverageMask {
  const std::uint8_t* data = nullptr;
  std::size_t stride_bytes = 0;
  int width = 0;
  int height = 0;
};

/// Draws on a picture where it lies, in its own format: on the planes of I420 and NV12 as well as
/// on RGB, BGR and gray, so that nothing is converted for a few lines.
///
/// Ownership: refers to the picture; its buffer must have no other holder.
/// Thread-safety: one thread at a time.
/// Cost: touches only the pixels that are drawn.
class Canvas {
 public:
  /// Pre: `image.buffer.is_unique()`.
  explicit Canvas(Image& image);

  [[nodiscard]] int width() const noexcept { return image_.width; }

  [[nodiscard]] int height() const noexcept { return image_.height; }

  /// Covers `rect` with `color`; `opacity` 0..255. A chroma sample of which any pixel is covered
  /// changes as a whole, so rectangles at even places look best.
  void fill(const PixelRect& rect, Rgb color, int opacity = 255);

  /// Blends `color` in wherever `mask`, laid at (`x`, `y`), covers.
  void blend(const CoverageMask& mask, int x, int y, Rgb color);

 private:
  struct PlanePart;

  [[nodiscard]] std::size_t parts(PlanePart* out, Rgb color);

  Image& image_;
};

}  // namespace penstock
