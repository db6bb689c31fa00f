#include "drivers/media/image/canvas.h"

#include <array>
#include <cstring>

#include <gtest/gtest.h>

namespace penstock {
namespace {

constexpr Rgb kWhite{255, 255, 255};
constexpr PixelFormat kFormats[] = {PixelFormat::kI420,
                                    PixelFormat::kNv12,
                                    PixelFormat::kRgb,
                                    PixelFormat::kBgr,
                                    PixelFormat::kGray};

/// Returns a black full-range picture.
Image black(PixelFormat format, int width, int height) {
  Image image;
  image.format = format;
  image.range = ColorRange::kFull;
  image.width = width;
  image.height = height;
  const ImageLayout layout = layout_of(format, width, height, 16);
  image.planes = layout.planes;
  image.buffer = Buffer::allocate(layout.bytes);
  std::memset(image.buffer.mutable_data(), 0, layout.bytes);
  for (std::size_t i = 1; i < plane_count(format); ++i) {
    std::memset(image.mutable_plane(i), 128, layout.bytes - layout.planes[i].offset);
  }
  return image;
}

/// Returns the first component (luma, red, blue or gray) of a pixel.
int first_at(const Image& image, int x, int y) {
  const int step = image.format == PixelFormat::kRgb || image.format == PixelFormat::kBgr ? 3 : 1;
  return image.plane(0)[static_cast<std::size_t>(y) * image.planes[0].stride_bytes +
                        static_cast<std::size_t>(x * step)];
}

int count_changed(const Image& image) {
  int changed = 0;
  for (int y = 0; y < image.height; ++y) {
    for (int x = 0; x < image.width; ++x) {
      changed += first_at(image, x, y) != 0 ? 1 : 0;
    }
  }
  return changed;
}

TEST(Canvas, FillsARectangleInEveryFormat) {
  for (const PixelFormat format : kFormats) {
    SCOPED_TRACE(to_string(format));
    Image image = black(format, 21, 15);
    Canvas(image).fill({3, 4, 5, 6}, kWhite);
    EXPECT_EQ(count_changed(image), 30);
    EXPECT_EQ(first_at(image, 3, 4), 255);
    EXPECT_EQ(first_at(image, 7, 9), 255);
    EXPECT_EQ(first_at(image, 8, 9), 0);
  }
}

TEST(Canvas, ColoursChromaWhereARectangleLies) {
  Image image = black(PixelFormat::kI420, 16, 16);
  Canvas(image).fill({4, 4, 4, 4}, {255, 0, 0});
  const auto chroma = [&](std::size_t plane, std::size_t x, std::size_t y) {
    return image.plane(plane)[y * image.planes[plane].stride_bytes + x];
  };
  EXPECT_EQ(chroma(1, 2, 2), 85);
  EXPECT_EQ(chroma(2, 3, 3), 255);
  EXPECT_EQ(chroma(2, 4, 3), 128);
  EXPECT_EQ(chroma(2, 1, 2), 128);
}

TEST(Canvas, ColoursNv12AsI420) {
  Image planar = black(PixelFormat::kI420, 17, 17);
  Image paired = black(PixelFormat::kNv12, 17, 17);
  const std::array<std::uint8_t, 9> shape{255, 128, 0, 255, 128, 0, 64, 64, 64};
  for (Image* image : {&planar, &paired}) {
    Canvas canvas(*image);
    canvas.fill({2, 2, 7, 7}, {10, 200, 30}, 100);
    canvas.blend({shape.data(), 3, 3, 3}, 11, 11, {200, 100, 0});
  }
  for (std::size_t y = 0; y < 9; ++y) {
    for (std::size_t x = 0; x < 9; ++x) {
      for (std::size_t c = 0; c < 2; ++c) {
        EXPECT_EQ(planar.plane(c + 1)[y * planar.planes[c + 1].stride_bytes + x],
                  paired.plane(1)[y * paired.planes[1].stride_bytes + 2 * x + c]);
      }
    }
  }
}

TEST(Canvas, MixesByOpacity) {
  Image image = black(PixelFormat::kGray, 4, 4);
  Canvas canvas(image);
  canvas.fill({0, 0, 4, 4}, {100, 100, 100});
  canvas.fill({0, 0, 4, 4}, {200, 200, 200}, 128);
  EXPECT_NEAR(first_at(image, 2, 2), 150, 1);
}

TEST(Canvas, BlendsAMaskByItsCoverage) {
  const std::array<std::uint8_t, 4> shape{255, 0, 51, 0};
  for (const PixelFormat format : kFormats) {
    SCOPED_TRACE(to_string(format));
    Image image = black(format, 8, 8);
    Canvas(image).blend({shape.data(), 2, 2, 2}, 3, 5, kWhite);
    EXPECT_EQ(first_at(image, 3, 5), 255);
    EXPECT_EQ(first_at(image, 4, 5), 0);
    EXPECT_EQ(first_at(image, 3, 6), 51);
    EXPECT_EQ(count_changed(image), 2);
  }
}

TEST(Canvas, SpreadsAnOddMaskOverTheChromaItTouches) {
  const std::array<std::uint8_t, 4> shape{255, 255, 255, 255};
  Image image = black(PixelFormat::kI420, 8, 8);
  Canvas(image).blend({shape.data(), 2, 2, 2}, 3, 3, {255, 0, 0});
  // One of the four pixels of each of four samples is covered.
  for (const std::size_t at : {1U, 2U}) {
    EXPECT_NEAR(image.plane(2)[at * image.planes[2].stride_bytes + at], 128 + 127 / 4, 1);
  }
}

TEST(Canvas, LeavesOutWhatLiesOutside) {
  const std::array<std::uint8_t, 16> shape{
      255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255};
  for (const PixelFormat format : kFormats) {
    SCOPED_TRACE(to_string(format));
    Image image = black(format, 7, 5);
    Canvas canvas(image);
    canvas.fill({-3, -3, 4, 4}, kWhite);
    canvas.fill({6, 4, 100, 100}, kWhite);
    canvas.fill({50, 50, 4, 4}, kWhite);
    canvas.fill({2, 2, 0, 4}, kWhite);
    EXPECT_EQ(count_changed(image), 2);
    canvas.blend({shape.data(), 4, 4, 4}, -3, -3, kWhite);
    canvas.blend({shape.data(), 4, 4, 4}, 6, 4, kWhite);
    canvas.blend({shape.data(), 4, 4, 4}, -9, 90, kWhite);
    EXPECT_EQ(count_changed(image), 2);
  }
}

TEST(Canvas, RefusesAPictureThatOthersHold) {
  Image image = black(PixelFormat::kGray, 4, 4);
  const Image other = image;
  EXPECT_DEATH(Canvas{image}, "others hold");
}

}  // namespace
}  // namespace penstock
