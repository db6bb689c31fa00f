#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/frame/results.h"
#include "engine/tensor/image.h"

namespace penstock {

/// Rectangles and ellipses that move at constant speed and turn at the edges of the picture.
///
/// Frame `n` depends on the seed and on `n` only, so that a source can begin anywhere. Later shapes
/// hide earlier ones; the ground truth knows of all.
/// Units: pixels; all places and sizes are even, so that chroma has the same edges as luma.
/// Thread-safety: never changes.
class MovingShapes {
 public:
  static constexpr int kMinSide = 16;
  static constexpr std::int32_t kRectangle = 0;
  static constexpr std::int32_t kEllipse = 1;

  struct Options {
    int width = 640;
    int height = 480;
    std::size_t shapes = 4;
    std::uint64_t seed = 1;
  };

  /// Pre: sides of at least `kMinSide`.
  explicit MovingShapes(const Options& options);

  /// Returns what frame `n` shows: boxes that enclose the drawn pixels, label `kRectangle` or
  /// `kEllipse`, score 1, track 1 for the first shape.
  [[nodiscard]] std::vector<Object> objects(std::uint64_t n) const;

  /// Draws frame `n`. Pre: an I420 picture of this size that nobody else sees yet.
  void draw(std::uint64_t n, Image& image) const;

 private:
  struct Walk {
    std::uint64_t span = 0;  // From the least place to the greatest.
    std::uint64_t start = 0;
    std::uint64_t speed = 0;  // Pixels a frame.

    [[nodiscard]] int at(std::uint64_t n) const noexcept;
  };

  struct Shape {
    std::int32_t label = kRectangle;
    int width = 0;
    int height = 0;
    Walk x;
    Walk y;
    std::array<std::uint8_t, 3> color{};  // Y, U, V.
  };

  std::vector<Shape> shapes_;
};

}  // namespace penstock
