#pragma once

#include <vector>

#include "tools/cli/graph_picture.h"

namespace penstock {

/// Where the parts of a picture stand on paper.
///
/// Units: pixels, y downwards. The vectors have the order of the picture's.
struct GraphLayout {
  struct Point {
    double x = 0;
    double y = 0;
  };

  struct Rect {
    double x = 0;
    double y = 0;
    double width = 0;
    double height = 0;

    [[nodiscard]] double right() const { return x + width; }

    [[nodiscard]] double middle() const { return y + height / 2; }
  };

  struct Path {
    std::vector<Point> points;  ///< From the producer's right side to the consumer's left side.
    Point label;                ///< Middle of the label's base line.
  };

  static constexpr double kLineHeight = 16;
  static constexpr double kTitleHeight = 20;  ///< Of a frame that has a title.
  static constexpr double kHeadHeight = 30;   ///< Of the picture's own title.

  double width = 0;
  double height = 0;
  std::vector<Rect> boxes;
  std::vector<Rect> frames;
  std::vector<Path> arrows;
};

/// Lays `picture` out in columns from left to right: a frame stands right of all that feed it, and
/// arrows that pass a column keep clear of its frames. Widths of text are estimated. Pure.
/// Pre: the arrows form no cycle.
GraphLayout lay_out(const GraphPicture& picture);

}  // namespace penstock
