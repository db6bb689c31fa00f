#include "drivers/media/image/overlay.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <opencv2/core.hpp>

#include "drivers/media/image/canvas.h"
#include "drivers/media/image/palette.h"
#include "drivers/media/image/text_mask.h"
#include "engine/base/check.h"

namespace penstock {
namespace {

constexpr float kLinesPerHeight = 300;
constexpr float kLettersPerHeight = 54;
constexpr int kLeastLetters = 9;
constexpr int kHaloOpacity = 90;  // A dark rim keeps lines apart from a bright background.
constexpr Rgb kHaloColor{0, 0, 0};
constexpr float kFarthest = 1e6F;  // Keeps arithmetic in whole pixels safe from wild boxes.

int even(float length) {
  return static_cast<int>(std::lround(length / 2)) * 2;
}

/// Everything that one call needs.
class OverlayPainter {
 public:
  OverlayPainter(Image& image, const Affine& from_source, const OverlayStyle& style)
      : canvas_(image),
        from_source_(from_source),
        line_(std::max(even(static_cast<float>(image.height) / kLinesPerHeight * style.line_scale),
                       2)),
        letters_(std::max(static_cast<int>(std::lround(static_cast<float>(image.height) /
                                                       kLettersPerHeight * style.text_scale)),
                          kLeastLetters)) {}

  void draw_box(const OverlayBox& item) {
    const PixelRect rect = place(item.box);
    frame(outset(rect, 1), 1, kHaloColor, kHaloOpacity);
    frame(outset(rect, -line_), 1, kHaloColor, kHaloOpacity);
    frame(rect, line_, palette_color(item.color), 255);
  }

  void draw_trail(const OverlayBox& item) {
    if (item.trail.size() < 2) {
      return;
    }
    std::vector<Point> points;
    Point low{kFarthest, kFarthest};
    Point high{-kFarthest, -kFarthest};
    for (const Point& source : item.trail) {
      const Point at = from_source_.apply(source);
      const Point point{clamped(at.x, static_cast<float>(canvas_.width())),
                        clamped(at.y, static_cast<float>(canvas_.height()))};
      low = {std::min(low.x, point.x), std::min(low.y, point.y)};
      high = {std::max(high.x, point.x), std::max(high.y, point.y)};
      points.push_back(point);
    }
    const int rim = line_ + 1;
    const int left = static_cast<int>(low.x) - rim;
    const int top = static_cast<int>(low.y) - rim;
    const int width = static_cast<int>(high.x) + rim + 1 - left;
    const int height = static_cast<int>(high.y) + rim + 1 - top;
    for (Point& point : points) {
      // A pixel's centre is its corner plus a half; OpenCV counts from centres.
      point = {point.x - static_cast<float>(left) - 0.5F, point.y - static_cast<float>(top) - 0.5F};
    }
    const std::vector<std::uint8_t> mask = fading_line(points, width, height, line_);
    canvas_.blend({mask.data(), static_cast<std::size_t>(width), width, height},
                  left,
                  top,
                  palette_color(item.color));
  }

  void draw_label(const OverlayBox& item) {
    if (item.label.empty()) {
      return;
    }
    const PixelRect rect = place(item.box);
    const Rgb background = palette_color(item.color);
    const TextMask text(item.label, letters_);
    const int pad = std::max(letters_ / 3, 2);
    PixelRect tag{rect.x, 0, (text.width() + 2 * pad + 1) & ~1, (letters_ + 3 * pad + 1) & ~1};
    tag.y = rect.y - tag.h;
    if (tag.y < 0) {
      tag.y = std::max(rect.y, 0);  // No room above: inside.
    }
    tag.x = std::clamp(tag.x, 0, std::max(canvas_.width() - tag.w, 0)) & ~1;
    tag.y = std::clamp(tag.y, 0, std::max(canvas_.height() - tag.h, 0)) & ~1;
    canvas_.fill(tag, background);
    // Capital letters stand in the middle; tails of small ones reach into the padding.
    canvas_.blend(text.mask(),
                  tag.x + pad,
                  tag.y + (tag.h + letters_) / 2 - text.baseline(),
                  text_color_on(background));
  }

 private:
  static float clamped(float value, float limit) {
    return std::isfinite(value) ? std::clamp(value, -limit, 2 * limit) : 0;
  }

  /// The box in pixels of the picture, at even places, where chroma samples begin.
  [[nodiscard]] PixelRect place(const Box& source) const {
    const Box box = from_source_.apply(source);
    const auto width = static_cast<float>(canvas_.width());
    const auto height = static_cast<float>(canvas_.height());
    const int left = even(clamped(box.x, width));
    const int top = even(clamped(box.y, height));
    const int right = even(clamped(box.x + box.w, width));
    const int bottom = even(clamped(box.y + box.h, height));
    return {left, top, std::max(right - left, 2), std::max(bottom - top, 2)};
  }

  static PixelRect outset(const PixelRect& rect, int by) {
    return {rect.x - by, rect.y - by, rect.w + 2 * by, rect.h + 2 * by};
  }

  /// The outline of `rect`, `line` pixels wide, inside it.
  void frame(const PixelRect& rect, int line, Rgb color, int opacity) {
    if (rect.w <= 2 * line || rect.h <= 2 * line) {
      canvas_.fill(rect, color, opacity);
      return;
    }
    canvas_.fill({rect.x, rect.y, rect.w, line}, color, opacity);
    canvas_.fill({rect.x, rect.y + rect.h - line, rect.w, line}, color, opacity);
    canvas_.fill({rect.x, rect.y + line, line, rect.h - 2 * line}, color, opacity);
    canvas_.fill({rect.x + rect.w - line, rect.y + line, line, rect.h - 2 * line}, color, opacity);
  }

  Canvas canvas_;
  Affine from_source_;
  int line_;     // Pixels, even.
  int letters_;  // Height of capital letters in pixels.
};

}  // namespace

Status draw_overlay(Image& image, std::span<const OverlayBox> boxes, const OverlayStyle& style) {
  if (boxes.empty()) {
    return {};
  }
  if (!image.buffer.is_unique()) {
    return Error{Errc::kInvalidArgument, "overlay: the picture is held by others, draw on a copy"};
  }
  const std::optional<Affine> from_source = image.to_source.inverse();
  if (!from_source.has_value()) {
    return Error{Errc::kInvalidArgument, "overlay: the picture's map to its source is singular"};
  }
  try {
    OverlayPainter painter(image, *from_source, style);
    for (const OverlayBox& item : boxes) {
      if (style.draw_trails) {
        painter.draw_trail(item);
      }
      if (style.draw_boxes) {
        painter.draw_box(item);
      }
    }
    for (const OverlayBox& item : boxes) {
      if (style.draw_labels) {
        painter.draw_label(item);
      }
    }
  } catch (const cv::Exception& failure) {
    return Error{Errc::kInternal, std::string("overlay: OpenCV: ") + failure.what()};
  }
  return {};
}

Image copy_of(const Image& image, Buffer buffer) {
  PENSTOCK_CHECK(buffer.size() >= image.buffer.size() && buffer.is_unique())
      << "a copy needs a buffer of its own size";
  Image copy = image;
  std::memcpy(buffer.mutable_data(), image.buffer.data(), image.buffer.size());
  copy.buffer = std::move(buffer);
  return copy;
}

}  // namespace penstock
