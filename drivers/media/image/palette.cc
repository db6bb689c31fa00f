#include "drivers/media/image/palette.h"

#include <algorithm>
#include <cmath>

namespace penstock {
namespace {

constexpr double kGoldenRatio = 0.618033988749895;
constexpr double kFirstHue = 0.36;  // Green for id 0: the colour that people expect of a box.
constexpr double kSaturation = 0.78;
constexpr int kDarkText = 140;  // Luma from which black reads better than white.

/// One channel of HSV with value 1; `sector` shifts red to green and blue.
std::uint8_t channel(double hue, double sector) noexcept {
  const double k = std::fmod(sector + hue * 6, 6);
  const double part = std::clamp(std::min(k, 4 - k), 0.0, 1.0);
  return static_cast<std::uint8_t>(std::lround(255 * (1 - kSaturation * part)));
}

}  // namespace

Rgb palette_color(std::uint64_t id) noexcept {
  const double hue = std::fmod(kFirstHue + static_cast<double>(id % 100'003) * kGoldenRatio, 1.0);
  return {channel(hue, 5), channel(hue, 3), channel(hue, 1)};
}

Rgb text_color_on(Rgb background) noexcept {
  return luma_of(background) >= kDarkText ? Rgb{0, 0, 0} : Rgb{255, 255, 255};
}

}  // namespace penstock
