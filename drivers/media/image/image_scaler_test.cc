#include "drivers/media/image/image_scaler.h"

#include <array>
#include <cstring>
#include <string>

#include <gtest/gtest.h>

#include "drivers/media/image/pixel_color.h"

namespace penstock {
namespace {

constexpr PixelFormat kFormats[] = {PixelFormat::kI420,
                                    PixelFormat::kNv12,
                                    PixelFormat::kRgb,
                                    PixelFormat::kBgr,
                                    PixelFormat::kGray};

BufferPool pool_of(std::size_t slots = 8) {
  return BufferPool::create({.name = "edge", .max_slots = slots}).value();
}

Image flat(PixelFormat format, int width, int height, Rgb color) {
  Image image;
  image.format = format;
  image.width = width;
  image.height = height;
  image.range = ColorRange::kFull;
  const ImageLayout layout = layout_of(format, width, height, 64);
  image.planes = layout.planes;
  image.buffer = Buffer::allocate(layout.bytes + 64);
  const auto values = components_of(color, image);
  for (std::size_t i = 0; i < plane_count(format); ++i) {
    const std::size_t end =
        i + 1 < plane_count(format) ? layout.planes[i + 1].offset : layout.bytes;
    const std::size_t bytes = end - layout.planes[i].offset;
    std::memset(image.mutable_plane(i), values[i], bytes);
    const bool is_paired = format == PixelFormat::kNv12 && i == 1;
    const bool is_packed = format == PixelFormat::kRgb || format == PixelFormat::kBgr;
    const std::size_t stride = layout.planes[i].stride_bytes;
    for (std::size_t at = 0; at < bytes && (is_paired || is_packed); ++at) {
      const std::size_t in_row = at % stride;
      image.mutable_plane(i)[at] = is_paired ? values[1 + in_row % 2] : values[in_row % 3];
    }
  }
  return image;
}

/// Returns the components of pixel (`x`, `y`) as `components_of` orders them.
std::array<int, 3> pixel(const Image& image, int x, int y) {
  const auto at = [&](std::size_t plane, int px, int py) -> int {
    return image.plane(plane)[static_cast<std::size_t>(py) * image.planes[plane].stride_bytes +
                              static_cast<std::size_t>(px)];
  };
  switch (image.format) {
    case PixelFormat::kI420:
      return {at(0, x, y), at(1, x / 2, y / 2), at(2, x / 2, y / 2)};
    case PixelFormat::kNv12:
      return {at(0, x, y), at(1, x / 2 * 2, y / 2), at(1, x / 2 * 2 + 1, y / 2)};
    case PixelFormat::kGray:
      return {at(0, x, y), 0, 0};
    default:
      return {at(0, 3 * x, y), at(0, 3 * x + 1, y), at(0, 3 * x + 2, y)};
  }
}

void expect_color(const Image& image, int x, int y, Rgb color) {
  const auto wanted = components_of(color, image);
  const auto found = pixel(image, x, y);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_NEAR(found[i], wanted[i], 2) << "component " << i << " at " << x << ',' << y;
  }
}

TEST(ImageScaler, ConvertsEveryFormatToEveryOther) {
  constexpr Rgb kColor{200, 90, 40};
  BufferPool pool = pool_of();
  for (const PixelFormat from : kFormats) {
    for (const PixelFormat to : kFormats) {
      SCOPED_TRACE(std::string(to_string(from)) + " -> " + to_string(to));
      const Image image = flat(from, 37, 21, kColor);
      ImageScaler scaler;
      const auto made = scaler.convert(image, to, pool);
      ASSERT_TRUE(made.has_value()) << made.error().message;
      const int gray = luma_of(kColor);
      const auto level = static_cast<std::uint8_t>(gray);
      const Rgb seen = from == PixelFormat::kGray ? Rgb{level, level, level} : kColor;
      expect_color(*made, 0, 0, seen);
      expect_color(*made, 36, 20, seen);
    }
  }
}

TEST(ImageScaler, HonoursRangeAndMatrix) {
  BufferPool pool = pool_of();
  for (const auto matrix : {ColorMatrix::kBt601, ColorMatrix::kBt709}) {
    for (const auto range : {ColorRange::kLimited, ColorRange::kFull}) {
      Image image = flat(PixelFormat::kI420, 32, 16, {});
      image.matrix = matrix;
      image.range = range;
      const auto red = components_of({255, 0, 0}, image);
      const std::size_t luma_end = image.planes[1].offset;
      std::memset(image.mutable_plane(0), red[0], luma_end);
      std::memset(image.mutable_plane(1), red[1], image.planes[2].offset - luma_end);
      std::memset(image.mutable_plane(2), red[2], image.planes[2].stride_bytes * 8);
      ImageScaler scaler;
      const auto made = scaler.convert(image, PixelFormat::kRgb, pool);
      ASSERT_TRUE(made.has_value());
      expect_color(*made, 9, 9, {255, 0, 0});
      // Gray is full range whatever the source's was: black is 0.
      std::memset(image.mutable_plane(0), range == ColorRange::kFull ? 0 : 16, luma_end);
      const auto gray = scaler.convert(image, PixelFormat::kGray, pool);
      ASSERT_TRUE(gray.has_value());
      EXPECT_EQ(pixel(*gray, 9, 9)[0], 0);
    }
  }
}

TEST(ImageScaler, ReturnsTheSamePictureWhereNothingChanges) {
  BufferPool pool = pool_of();
  ImageScaler scaler;
  const Image image = flat(PixelFormat::kRgb, 8, 8, {});
  EXPECT_EQ(scaler.convert(image, PixelFormat::kRgb, pool)->buffer.data(), image.buffer.data());
  EXPECT_EQ(scaler.resize(image, 8, 8, ScaleFilter::kArea, pool)->buffer.data(),
            image.buffer.data());
  EXPECT_EQ(pool.stats().acquired, 0U);
}

TEST(ImageScaler, ResizesEveryFormatAndComposesTheMap) {
  BufferPool pool = pool_of();
  for (const PixelFormat format : kFormats) {
    for (const auto filter : {ScaleFilter::kNearest, ScaleFilter::kBilinear, ScaleFilter::kArea}) {
      Image image = flat(format, 80, 60, {20, 180, 90});
      image.to_source = Affine::scale_and_shift(2, 2, 5, 7);
      ImageScaler scaler;
      const auto made = scaler.resize(image, 40, 20, filter, pool);
      ASSERT_TRUE(made.has_value()) << made.error().message;
      EXPECT_EQ(made->format, format);
      expect_color(*made, 39, 19, {20, 180, 90});
      EXPECT_EQ(made->to_source.apply(Point{0, 0}), (Point{5, 7}));
      EXPECT_EQ(made->to_source.apply(Point{40, 20}), (Point{165, 127}));
    }
  }
}

TEST(ImageScaler, AlignsPixelCentres) {
  // A ramp shrunk to half: each pixel is the mean of its two, so it lies in the middle of them.
  Image image = flat(PixelFormat::kGray, 64, 8, {});
  for (std::size_t y = 0; y < 8; ++y) {
    for (std::size_t x = 0; x < 64; ++x) {
      image.mutable_plane(0)[y * image.planes[0].stride_bytes + x] =
          static_cast<std::uint8_t>(3 * x);
    }
  }
  BufferPool pool = pool_of();
  ImageScaler scaler;
  const auto made = scaler.resize(image, 32, 4, ScaleFilter::kBilinear, pool);
  ASSERT_TRUE(made.has_value());
  for (int x = 2; x < 30; ++x) {
    EXPECT_NEAR(pixel(*made, x, 2)[0], 3 * (2 * x + 0.5), 1.1);
  }
}

TEST(ImageScaler, LetterboxesWithPaddingAndMapsBack) {
  constexpr Rgb kColor{200, 90, 40};
  constexpr Rgb kPad{114, 114, 114};
  BufferPool pool = pool_of();
  for (const PixelFormat from : {PixelFormat::kI420, PixelFormat::kRgb}) {
    for (const PixelFormat to : kFormats) {
      SCOPED_TRACE(std::string(to_string(from)) + " -> " + to_string(to));
      const Image image = flat(from, 192, 108, kColor);
      ImageScaler scaler;
      const auto made = scaler.letterbox(image, {.width = 64, .height = 64, .format = to}, pool);
      ASSERT_TRUE(made.has_value()) << made.error().message;
      expect_color(*made, 32, 5, kPad);
      expect_color(*made, 32, 60, kPad);
      expect_color(*made, 0, 32, kColor);
      expect_color(*made, 63, 32, kColor);
      const Point top = made->to_source.apply(Point{0, 14});
      EXPECT_NEAR(top.x, 0, 1e-3);
      EXPECT_NEAR(top.y, 0, 1e-3);
      EXPECT_NEAR(made->to_source.apply(Point{64, 50}).y, 108, 1e-3);
    }
  }
}

TEST(ImageScaler, LeavesPaddingAloneWhateverTheWidthOfTheInset) {
  BufferPool pool = pool_of();
  for (int width = 31; width < 64; ++width) {
    for (const PixelFormat to : {PixelFormat::kI420, PixelFormat::kRgb, PixelFormat::kGray}) {
      const Image image = flat(PixelFormat::kI420, width, 128, {250, 250, 250});
      ImageScaler scaler;
      const auto made = scaler.letterbox(
          image, {.width = 128, .height = 128, .format = to, .pad_rgb = {0, 0, 0}}, pool);
      ASSERT_TRUE(made.has_value());
      const float right = made->to_source.inverse()->apply(Point{static_cast<float>(width), 0}).x;
      for (int x = static_cast<int>(right) + 1; x < 128; ++x) {
        ASSERT_LE(pixel(*made, x, 64)[0], 1) << to_string(to) << " inset " << width << " x " << x;
      }
    }
  }
}

TEST(ImageScaler, RefusesAnEmptyPictureAndSillySizes) {
  BufferPool pool = pool_of();
  ImageScaler scaler;
  EXPECT_EQ(scaler.convert(Image{}, PixelFormat::kRgb, pool).error().code, Errc::kInvalidArgument);
  const Image image = flat(PixelFormat::kRgb, 8, 8, {});
  for (const int side : {0, -4, ImageScaler::kMaxSide + 1}) {
    EXPECT_EQ(scaler.resize(image, side, 8, ScaleFilter::kArea, pool).error().code,
              Errc::kInvalidArgument);
  }
}

TEST(ImageScaler, NamesThePoolThatIsExhausted) {
  BufferPool pool = pool_of(1);
  ImageScaler scaler;
  const Image image = flat(PixelFormat::kRgb, 8, 8, {});
  const auto first = scaler.convert(image, PixelFormat::kBgr, pool);
  ASSERT_TRUE(first.has_value());
  const auto second = scaler.convert(image, PixelFormat::kBgr, pool);
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code, Errc::kUnavailable);
  EXPECT_NE(second.error().message.find("'edge'"), std::string::npos);
}

}  // namespace
}  // namespace penstock
