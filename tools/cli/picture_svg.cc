#include "tools/cli/picture_svg.h"

#include <array>
#include <cstddef>
#include <cstdio>
#include <cstdlib>

#include "tools/cli/graph_layout.h"

namespace penstock {
namespace {

using Rect = GraphLayout::Rect;

constexpr const char* kHead = R"(  <style>
    text { font-family: "DejaVu Sans", Verdana, sans-serif; font-size: 11px; fill: #1c1c1c; }
    .title { font-size: 14px; font-weight: bold; }
    .name { font-size: 13px; font-weight: bold; text-anchor: middle; }
    .line { text-anchor: middle; fill: #444; }
    .frame { fill: #f7f7f7; stroke: #8a8a8a; stroke-dasharray: 5 3; }
    .scope { fill: #666; font-style: italic; }
    .box { stroke: #555; }
    .source { fill: #d8ecd8; }
    .step { fill: #dbe8f8; }
    .station { fill: #fde3c0; }
    .sink { fill: #e4dcf3; }
    .arrow { fill: none; stroke: #444; stroke-width: 1.4; marker-end: url(#head); }
    .label { text-anchor: middle; fill: #444; stroke: white; stroke-width: 3; paint-order: stroke; }
  </style>
  <defs>
    <marker id="head" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" orient="auto">
      <path d="M0 0 L10 5 L0 10 z" fill="#444"/>
    </marker>
  </defs>
  <rect width="100%" height="100%" fill="white"/>
)";

std::string escaped(const std::string& text) {
  std::string result;
  for (const char character : text) {
    switch (character) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '"':
        result += "&quot;";
        break;
      default:
        result += character;
    }
  }
  return result;
}

/// Returns a length with one digit, in any locale.
std::string px(double value) {
  std::array<char, 32> text{};
  const auto tenths = static_cast<long>(value * 10 + (value < 0 ? -0.5 : 0.5));
  std::snprintf(text.data(),
                text.size(),
                "%s%ld.%ld",
                tenths < 0 ? "-" : "",
                std::abs(tenths) / 10,
                std::abs(tenths) % 10);
  return text.data();
}

std::string rect_tag(const Rect& rect, const std::string& classes, int radius) {
  return "  <rect class=\"" + classes + "\" x=\"" + px(rect.x) + "\" y=\"" + px(rect.y) +
         "\" width=\"" + px(rect.width) + "\" height=\"" + px(rect.height) + "\" rx=\"" +
         std::to_string(radius) + "\"/>\n";
}

std::string text_tag(double x, double y, const std::string& classes, const std::string& text) {
  return "  <text class=\"" + classes + "\" x=\"" + px(x) + "\" y=\"" + px(y) + "\">" +
         escaped(text) + "</text>\n";
}

std::string frame_tags(const GraphPicture::Frame& frame, const Rect& rect) {
  std::string text = rect_tag(rect, "frame", 8);
  if (!frame.title.empty()) {
    text += text_tag(rect.x + 10, rect.y + 16, "scope", frame.title);
  }
  return text;
}

std::string box_tags(const GraphPicture::Box& box, const Rect& rect) {
  std::string text = rect_tag(rect, std::string("box ") + word_of(box.kind), 5);
  const double x = rect.x + rect.width / 2;
  double y = rect.y + GraphLayout::kLineHeight + 2;
  text += text_tag(x, y, "name", box.name);
  for (const std::string& line : box.lines) {
    y += GraphLayout::kLineHeight;
    text += text_tag(x, y, "line", line);
  }
  return text;
}

/// Pieces that cross a gap between columns are bent so that they leave and arrive level.
std::string arrow_tag(const GraphLayout::Path& path) {
  std::string text =
      "  <path class=\"arrow\" d=\"M" + px(path.points.front().x) + " " + px(path.points.front().y);
  for (std::size_t i = 1; i < path.points.size(); ++i) {
    const auto& a = path.points[i - 1];
    const auto& b = path.points[i];
    const double half = (a.x + b.x) / 2;
    text += " C" + px(half) + " " + px(a.y) + " " + px(half) + " " + px(b.y) + " " + px(b.x) + " " +
            px(b.y);
  }
  return text + "\"/>\n";
}

}  // namespace

std::string picture_svg(const GraphPicture& picture) {
  const GraphLayout layout = lay_out(picture);
  const std::string width = px(layout.width);
  const std::string height = px(layout.height);
  std::string text = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" + width + "\" height=\"" +
                     height + "\" viewBox=\"0 0 " + width + " " + height + "\">\n" + kHead;
  text += text_tag(16, 24, "title", picture.title);
  for (std::size_t f = 0; f < picture.frames.size(); ++f) {
    text += frame_tags(picture.frames[f], layout.frames[f]);
  }
  for (const GraphLayout::Path& path : layout.arrows) {
    text += arrow_tag(path);
  }
  for (std::size_t b = 0; b < picture.boxes.size(); ++b) {
    text += box_tags(picture.boxes[b], layout.boxes[b]);
  }
  for (std::size_t a = 0; a < picture.arrows.size(); ++a) {
    if (!picture.arrows[a].label.empty()) {
      const auto& at = layout.arrows[a].label;
      text += text_tag(at.x, at.y, "label", picture.arrows[a].label);
    }
  }
  return text + "</svg>\n";
}

}  // namespace penstock
