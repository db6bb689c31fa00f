#include "drivers/media/image/overlay.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "drivers/media/image/palette.h"
#include "drivers/media/image/pixel_color.h"

namespace penstock {
namespace {

constexpr int kWidth = 640;
constexpr int kHeight = 480;
constexpr std::uint8_t kGround = 120;

Image ground(PixelFormat format = PixelFormat::kI420, int width = kWidth, int height = kHeight) {
  Image image;
  image.format = format;
  image.width = width;
  image.height = height;
  const ImageLayout layout = layout_of(format, width, height, 64);
  image.planes = layout.planes;
  image.buffer = Buffer::allocate(layout.bytes);
  std::memset(image.buffer.mutable_data(), kGround, layout.bytes);
  return image;
}

std::array<int, 3> pixel(const Image& image, int x, int y) {
  const auto at = [&](std::size_t plane, int px, int py, int step, int offset) {
    return image.plane(plane)[static_cast<std::size_t>(py) * image.planes[plane].stride_bytes +
                              static_cast<std::size_t>(px * step + offset)];
  };
  switch (image.format) {
    case PixelFormat::kI420:
      return {at(0, x, y, 1, 0), at(1, x / 2, y / 2, 1, 0), at(2, x / 2, y / 2, 1, 0)};
    case PixelFormat::kNv12:
      return {at(0, x, y, 1, 0), at(1, x / 2, y / 2, 2, 0), at(1, x / 2, y / 2, 2, 1)};
    case PixelFormat::kGray:
      return {at(0, x, y, 1, 0), 0, 0};
    default:
      return {at(0, x, y, 3, 0), at(0, x, y, 3, 1), at(0, x, y, 3, 2)};
  }
}

bool has_color(const Image& image, int x, int y, Rgb color) {
  const auto wanted = components_of(color, image);
  return pixel(image, x, y) == std::array<int, 3>{wanted[0], wanted[1], wanted[2]};
}

/// The smallest box around everything that was drawn.
Box drawn_area(const Image& image) {
  int left = image.width;
  int top = image.height;
  int right = 0;
  int bottom = 0;
  for (int y = 0; y < image.height; ++y) {
    for (int x = 0; x < image.width; ++x) {
      if (pixel(image, x, y)[0] != kGround) {
        left = std::min(left, x);
        top = std::min(top, y);
        right = std::max(right, x + 1);
        bottom = std::max(bottom, y + 1);
      }
    }
  }
  return {static_cast<float>(left),
          static_cast<float>(top),
          static_cast<float>(right - left),
          static_cast<float>(bottom - top)};
}

TEST(Overlay, DrawsTheOutlineOfABoxInEveryFormat) {
  for (const PixelFormat format : {PixelFormat::kI420,
                                   PixelFormat::kNv12,
                                   PixelFormat::kRgb,
                                   PixelFormat::kBgr,
                                   PixelFormat::kGray}) {
    SCOPED_TRACE(to_string(format));
    Image image = ground(format);
    const OverlayBox box{.box = {100, 200, 60, 80}, .label = {}, .color = 3, .trail = {}};
    ASSERT_TRUE(draw_overlay(image, {&box, 1}).has_value());
    const Rgb color = palette_color(3);
    EXPECT_TRUE(has_color(image, 100, 200, color));
    EXPECT_TRUE(has_color(image, 158, 278, color));
    EXPECT_TRUE(has_color(image, 130, 201, color));
    EXPECT_EQ(pixel(image, 130, 240)[0], kGround) << "the inside stays";
    // A rim of one pixel lies around the box.
    EXPECT_EQ(drawn_area(image), (Box{99, 199, 62, 82}));
  }
}

TEST(Overlay, MapsBoxesFromTheSourcePicture) {
  Image image = ground();
  image.to_source = Affine::scale_and_shift(2, 2, 10, 20);  // Source pixel = 2 * pixel + (10, 20).
  const OverlayBox box{.box = {210, 420, 120, 160}, .label = {}, .color = 0, .trail = {}};
  ASSERT_TRUE(draw_overlay(image, {&box, 1}).has_value());
  EXPECT_EQ(drawn_area(image), (Box{99, 199, 62, 82}));
}

TEST(Overlay, PutsALabelAboveItsBox) {
  Image image = ground();
  const OverlayBox box{
      .box = {100, 200, 60, 80}, .label = "person 0.87 #3", .color = 3, .trail = {}};
  ASSERT_TRUE(draw_overlay(image, {&box, 1}).has_value());
  const Box area = drawn_area(image);
  EXPECT_LT(area.y, 190);
  EXPECT_GT(area.y, 170);
  EXPECT_TRUE(has_color(image, 100, 198, palette_color(3)));
  int text_pixels = 0;
  for (int x = 100; x < 200; ++x) {
    for (int y = static_cast<int>(area.y); y < 200; ++y) {
      text_pixels += has_color(image, x, y, palette_color(3)) ? 0 : 1;
    }
  }
  EXPECT_GT(text_pixels, 100);
}

TEST(Overlay, KeepsALabelInsideThePicture) {
  for (const Box& place : {Box{2, 2, 60, 80},
                           Box{kWidth - 20.F, 5, 60, 80},
                           Box{kWidth - 20.F, kHeight - 10.F, 60, 80},
                           Box{-500, -500, 60, 80},
                           Box{1e30F, 1e30F, 10, 10}}) {
    Image image = ground();
    const OverlayBox box{.box = place, .label = "person 0.87 #3", .color = 1, .trail = {}};
    ASSERT_TRUE(draw_overlay(image, {&box, 1}, {.draw_boxes = false}).has_value());
    const Box area = drawn_area(image);
    EXPECT_GE(area.w, 90) << "the whole label";
    EXPECT_GE(area.h, 12);
  }
}

TEST(Overlay, GrowsWithThePicture) {
  Image small = ground(PixelFormat::kI420, 640, 360);
  Image large = ground(PixelFormat::kI420, 1920, 1080);
  const OverlayBox box{.box = {100, 100, 60, 80}, .label = "person", .color = 1, .trail = {}};
  ASSERT_TRUE(draw_overlay(small, {&box, 1}, {.draw_boxes = false}).has_value());
  ASSERT_TRUE(draw_overlay(large, {&box, 1}, {.draw_boxes = false}).has_value());
  EXPECT_NEAR(drawn_area(large).h / drawn_area(small).h, 2.2, 0.5);
}

TEST(Overlay, DrawsWhereATrackWas) {
  Image image = ground();
  const std::vector<Point> trail{{50, 50}, {100, 50}, {100, 120}};
  const OverlayBox box{.box = {300, 300, 60, 80}, .label = {}, .color = 5, .trail = trail};
  ASSERT_TRUE(draw_overlay(image, {&box, 1}, {.draw_boxes = false}).has_value());
  EXPECT_NE(pixel(image, 75, 50)[0], kGround);
  EXPECT_NE(pixel(image, 100, 90)[0], kGround);
  EXPECT_EQ(pixel(image, 75, 90)[0], kGround);
  const auto strength = [&](int x, int y) { return std::abs(pixel(image, x, y)[0] - kGround); };
  EXPECT_GT(strength(99, 110), strength(60, 49)) << "older is fainter";
}

TEST(Overlay, LeavesOutWhatTheStyleLeavesOut) {
  Image image = ground();
  const std::vector<Point> trail{{50, 50}, {100, 50}};
  const OverlayBox box{.box = {300, 300, 60, 80}, .label = "x", .color = 5, .trail = trail};
  const OverlayStyle nothing{.draw_boxes = false, .draw_labels = false, .draw_trails = false};
  ASSERT_TRUE(draw_overlay(image, {&box, 1}, nothing).has_value());
  EXPECT_EQ(drawn_area(image).w, -kWidth) << "nothing was drawn";
}

TEST(Overlay, DrawsOddAndTinyThings) {
  Image image = ground(PixelFormat::kI420, 33, 17);
  const std::vector<Point> trail{{-50, -50}, {16, 8}, {16, 8}, {1e9F, 3}};
  const OverlayBox boxes[] = {{{10, 5, 0, 0}, "\xC3\xA4\n", 1, trail},
                              {{-100, -100, 500, 500}, std::string_view("a\0b", 3), 2, {}}};
  EXPECT_TRUE(draw_overlay(image, boxes).has_value());
}

TEST(Overlay, RefusesAPictureThatOthersHold) {
  Image image = ground();
  const Image other = image;
  const OverlayBox box{.box = {100, 200, 60, 80}, .label = {}, .color = 3, .trail = {}};
  const Status drawn = draw_overlay(image, {&box, 1});
  ASSERT_FALSE(drawn.has_value());
  EXPECT_EQ(drawn.error().code, Errc::kInvalidArgument);
}

TEST(Overlay, DrawsOnACopyWithoutTouchingTheOriginal) {
  const Image original = ground();
  Image copy = copy_of(original, Buffer::allocate(original.buffer.size()));
  const OverlayBox box{.box = {100, 200, 60, 80}, .label = {}, .color = 3, .trail = {}};
  ASSERT_TRUE(draw_overlay(copy, {&box, 1}).has_value());
  EXPECT_EQ(pixel(original, 100, 200)[0], kGround);
  EXPECT_NE(pixel(copy, 100, 200)[0], kGround);
}

}  // namespace
}  // namespace penstock
