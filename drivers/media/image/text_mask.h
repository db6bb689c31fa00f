#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "drivers/media/image/canvas.h"
#include "engine/tensor/affine.h"

namespace penstock {

/// A line of text as coverage, anti-aliased.
///
/// Text: ASCII; every other character (of UTF-8) prints as `?`, because OpenCV's built-in font has
/// no more.
class TextMask {
 public:
  /// Renders `text` with capital letters `cap_height` pixels high (at least 5).
  TextMask(std::string_view text, int cap_height);

  [[nodiscard]] int width() const noexcept { return width_; }

  [[nodiscard]] int height() const noexcept { return height_; }

  /// Returns the row below the capital letters.
  [[nodiscard]] int baseline() const noexcept { return baseline_; }

  [[nodiscard]] CoverageMask mask() const noexcept {
    return {pixels_.data(), static_cast<std::size_t>(width_), width_, height_};
  }

 private:
  int width_ = 0;
  int height_ = 0;
  int baseline_ = 0;
  std::vector<std::uint8_t> pixels_;
};

/// Draws a line through `points` into a coverage mask of `width` x `height`, `thickness` pixels
/// wide, from a third of the coverage at the first point to all of it at the last: where something
/// was longer ago is fainter. Points are in pixels of the mask.
std::vector<std::uint8_t> fading_line(const std::vector<Point>& points,
                                      int width,
                                      int height,
                                      int thickness);

}  // namespace penstock
