#include "drivers/media/image/palette.h"

#include <array>
#include <cstdlib>

#include <gtest/gtest.h>

#include "drivers/media/image/pixel_color.h"
#include "engine/tensor/image.h"

namespace penstock {
namespace {

using Components = std::array<std::uint8_t, 3>;

TEST(Palette, GivesAnIdAlwaysTheSameColour) {
  EXPECT_EQ(palette_color(7), palette_color(7));
}

TEST(Palette, KeepsNeighboursApart) {
  for (std::uint64_t id = 0; id < 200; ++id) {
    const Rgb a = palette_color(id);
    const Rgb b = palette_color(id + 1);
    EXPECT_GT(std::abs(a.r - b.r) + std::abs(a.g - b.g) + std::abs(a.b - b.b), 100) << id;
  }
}

TEST(Palette, PutsBlackOnBrightAndWhiteOnDark) {
  EXPECT_EQ(text_color_on({255, 255, 0}), (Rgb{0, 0, 0}));
  EXPECT_EQ(text_color_on({60, 60, 255}), (Rgb{255, 255, 255}));
}

TEST(PixelColor, FollowsFormatRangeAndMatrix) {
  const Rgb red{255, 0, 0};
  Image image;
  image.format = PixelFormat::kBgr;
  EXPECT_EQ(components_of(red, image), (Components{0, 0, 255}));
  image.format = PixelFormat::kI420;  // The published values of pure red:
  EXPECT_EQ(components_of(red, image), (Components{81, 90, 240}));
  image.matrix = ColorMatrix::kBt709;
  EXPECT_EQ(components_of(red, image), (Components{63, 102, 240}));
  image.matrix = ColorMatrix::kBt601;
  image.range = ColorRange::kFull;
  EXPECT_EQ(components_of(red, image), (Components{76, 85, 255}));
}

}  // namespace
}  // namespace penstock
