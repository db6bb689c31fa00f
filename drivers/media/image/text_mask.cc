#include "drivers/media/image/text_mask.h"

#include <algorithm>
#include <cmath>

#include <opencv2/imgproc.hpp>

namespace penstock {
namespace {

constexpr int kFont = cv::FONT_HERSHEY_DUPLEX;  // Its strokes are double: firmer when small.
constexpr double kCapHeightAtScaleOne = 21;
constexpr int kFullCoverage = 255;

std::string printable(std::string_view text) {
  std::string out;
  for (const char letter : text) {
    const auto byte = static_cast<unsigned char>(letter);
    if ((byte & 0xC0U) == 0x80U) {
      continue;  // The rest of a character that has printed its '?'.
    }
    out.push_back(byte >= 0x20 && byte < 0x7F ? letter : '?');
  }
  return out;
}

cv::Point in_subpixels(const Point& point, int bits) {
  const auto scaled = [bits](float value) {
    return static_cast<int>(std::lround(static_cast<double>(value) * (1 << bits)));
  };
  return {scaled(point.x), scaled(point.y)};
}

}  // namespace

TextMask::TextMask(std::string_view text, int cap_height) {
  const std::string line = printable(text);
  const double scale = std::max(cap_height, 5) / kCapHeightAtScaleOne;
  const int thickness = std::max(1, static_cast<int>(std::lround(cap_height / 14.0)));
  int descent = 0;
  const cv::Size size = cv::getTextSize(line, kFont, scale, thickness, &descent);
  baseline_ = size.height;
  width_ = std::max(size.width + thickness, 1);
  height_ = std::max(size.height + descent + thickness, 1);
  pixels_.assign(static_cast<std::size_t>(width_) * static_cast<std::size_t>(height_), 0);
  cv::Mat pixels(height_, width_, CV_8UC1, pixels_.data());
  cv::putText(pixels,
              line,
              cv::Point(0, baseline_),
              kFont,
              scale,
              cv::Scalar(kFullCoverage),
              thickness,
              cv::LINE_AA);
}

std::vector<std::uint8_t> fading_line(const std::vector<Point>& points,
                                      int width,
                                      int height,
                                      int thickness) {
  std::vector<std::uint8_t> pixels(static_cast<std::size_t>(width) *
                                   static_cast<std::size_t>(height));
  cv::Mat mask(height, width, CV_8UC1, pixels.data());
  constexpr int kBits = 4;  // Of a pixel: the line moves smoothly.
  for (std::size_t i = 1; i < points.size(); ++i) {
    const double age = static_cast<double>(i) / static_cast<double>(points.size() - 1);
    const int coverage = static_cast<int>(std::lround(kFullCoverage * (1 + 2 * age) / 3));
    cv::line(mask,
             in_subpixels(points[i - 1], kBits),
             in_subpixels(points[i], kBits),
             cv::Scalar(coverage),
             thickness,
             cv::LINE_AA,
             kBits);
  }
  return pixels;
}

}  // namespace penstock
