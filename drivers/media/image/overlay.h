#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "engine/base/result.h"
#include "engine/tensor/affine.h"
#include "engine/tensor/image.h"

namespace penstock {

/// Something to draw on a picture.
///
/// Units: pixels of the source picture; the picture's `to_source` maps them to where they are.
struct OverlayBox {
  Box box;
  std::string_view label;        ///< What the filled label says, "person 0.87 #3"; empty: none.
  std::uint64_t color = 0;       ///< Track number, or label id: equal numbers, equal colours.
  std::span<const Point> trail;  ///< Where it was, oldest first.
};

/// How it is drawn.
///
/// Units: factors of what suits the picture's height: lines of height / 300 and capital letters of
/// height / 54 pixels.
struct OverlayStyle {
  float line_scale = 1;
  float text_scale = 1;
  bool draw_boxes = true;
  bool draw_labels = true;
  bool draw_trails = true;
};

/// Draws `boxes` on `image` where it lies: boxes, trails, then labels, so that no label is hidden.
/// A label stands above its box, or inside where there is no room, and never leaves the picture.
///
/// Cost: touches the drawn pixels only, whatever the format; about 50 us a labelled box at 1080p,
/// as much again a trail of 30 points. Errors: `kInvalidArgument` if others hold the picture's
/// buffer (a decoder that still refers to it, a branch of the graph), for they would see the
/// drawing, or if `to_source` is singular.
Status draw_overlay(Image& image,
                    std::span<const OverlayBox> boxes,
                    const OverlayStyle& style = {});

/// Returns a picture with the same pixels that nobody else holds, in `buffer`.
/// Pre: `buffer` has at least `image.buffer.size()` bytes and no other holder.
Image copy_of(const Image& image, Buffer buffer);

}  // namespace penstock
