#include "drivers/media/image/image_codec.h"

#include <cstddef>
#include <cstring>
#include <vector>

#include <gtest/gtest.h>

// OpenCV's image files bring GDAL in, which takes its own locks in two orders as it starts.
// NOLINTNEXTLINE(readability-identifier-naming,bugprone-reserved-identifier): TSan's name.
extern "C" const char* __tsan_default_suppressions() {
  return "deadlock:libgdal";
}

namespace penstock {
namespace {

BufferPool pool_of(std::size_t slots = 8) {
  return BufferPool::create({.name = "edge", .max_slots = slots}).value();
}

/// Returns an RGB picture, red on its left half and blue on its right.
Image red_and_blue(int width, int height) {
  Image image;
  image.format = PixelFormat::kRgb;
  image.width = width;
  image.height = height;
  const ImageLayout layout = layout_of(image.format, width, height, 64);
  image.planes = layout.planes;
  image.buffer = Buffer::allocate(layout.bytes + 64);
  for (int y = 0; y < height; ++y) {
    std::uint8_t* row =
        image.mutable_plane(0) + static_cast<std::size_t>(y) * image.planes[0].stride_bytes;
    for (int x = 0; x < width; ++x, row += 3) {
      const bool is_left = x < width / 2;
      row[0] = is_left ? 220 : 10;
      row[1] = 10;
      row[2] = is_left ? 10 : 220;
    }
  }
  return image;
}

const std::uint8_t* rgb_at(const Image& image, int x, int y) {
  return image.plane(0) + static_cast<std::size_t>(y) * image.planes[0].stride_bytes +
         static_cast<std::size_t>(3 * x);
}

TEST(ImageCodec, GivesBackWhatPngStored) {
  BufferPool pool = pool_of();
  ImageCodec codec;
  const Image image = red_and_blue(33, 17);
  const auto bytes = codec.encode(image, ImageFileFormat::kPng);
  ASSERT_TRUE(bytes.has_value());
  const auto back = codec.decode(*bytes, PixelFormat::kRgb, pool);
  ASSERT_TRUE(back.has_value()) << back.error().message;
  ASSERT_EQ(back->width, 33);
  ASSERT_EQ(back->height, 17);
  for (int y = 0; y < 17; ++y) {
    EXPECT_EQ(std::memcmp(rgb_at(image, 0, y), rgb_at(*back, 0, y), std::size_t{33} * 3), 0) << y;
  }
}

TEST(ImageCodec, GivesBackNearlyWhatJpegStored) {
  BufferPool pool = pool_of();
  ImageCodec codec;
  const auto bytes = codec.encode(red_and_blue(64, 48), ImageFileFormat::kJpeg, 95);
  ASSERT_TRUE(bytes.has_value());
  const auto back = codec.decode(*bytes, PixelFormat::kRgb, pool);
  ASSERT_TRUE(back.has_value());
  EXPECT_NEAR(rgb_at(*back, 10, 20)[0], 220, 8);
  EXPECT_NEAR(rgb_at(*back, 50, 20)[2], 220, 8);
}

TEST(ImageCodec, WritesYuvPicturesInTheirColours) {
  BufferPool pool = pool_of();
  ImageCodec codec;
  const auto png = codec.encode(red_and_blue(64, 48), ImageFileFormat::kPng);
  const auto yuv = codec.decode(*png, PixelFormat::kI420, pool);
  ASSERT_TRUE(yuv.has_value());
  EXPECT_EQ(yuv->format, PixelFormat::kI420);
  const auto again = codec.encode(*yuv, ImageFileFormat::kPng);
  ASSERT_TRUE(again.has_value());
  const auto back = codec.decode(*again, PixelFormat::kRgb, pool);
  ASSERT_TRUE(back.has_value());
  EXPECT_NEAR(rgb_at(*back, 10, 20)[0], 220, 4);
  EXPECT_NEAR(rgb_at(*back, 50, 20)[2], 220, 4);
}

TEST(ImageCodec, MakesASmallerFileOfALowerQuality) {
  ImageCodec codec;
  const Image image = red_and_blue(320, 240);
  EXPECT_LT(codec.encode(image, ImageFileFormat::kJpeg, 10)->size(),
            codec.encode(image, ImageFileFormat::kJpeg, 95)->size());
}

TEST(ImageCodec, TurnsAPictureAsItsExifOrientationSays) {
  BufferPool pool = pool_of();
  ImageCodec codec;
  auto bytes = codec.encode(red_and_blue(64, 48), ImageFileFormat::kJpeg, 95).value();
  // APP1 after SOI: TIFF, big-endian, one entry: orientation (0x0112, SHORT) = 6, turn clockwise.
  const std::vector<std::uint8_t> exif = {
      0xFF, 0xE1, 0,    34,   'E', 'x', 'i', 'f', 0, 0, 'M', 'M', 0, 42, 0, 0, 0, 8,
      0,    1,    0x01, 0x12, 0,   3,   0,   0,   0, 1, 0,   6,   0, 0,  0, 0, 0, 0};
  bytes.insert(bytes.begin() + 2, exif.begin(), exif.end());
  const auto turned = codec.decode(bytes, PixelFormat::kRgb, pool);
  ASSERT_TRUE(turned.has_value()) << turned.error().message;
  EXPECT_EQ(turned->width, 48);
  EXPECT_EQ(turned->height, 64);
  EXPECT_GT(rgb_at(*turned, 24, 8)[0], 180) << "what was left is on top";
  EXPECT_GT(rgb_at(*turned, 24, 56)[2], 180);
}

TEST(ImageCodec, RefusesBytesThatAreNoImage) {
  BufferPool pool = pool_of();
  ImageCodec codec;
  const std::vector<std::uint8_t> text(100, 'x');
  EXPECT_EQ(codec.decode(text, PixelFormat::kRgb, pool).error().code, Errc::kCorrupt);
  EXPECT_EQ(codec.decode({}, PixelFormat::kRgb, pool).error().code, Errc::kCorrupt);
  auto cut = codec.encode(red_and_blue(64, 48), ImageFileFormat::kPng).value();
  cut.resize(20);
  EXPECT_EQ(codec.decode(cut, PixelFormat::kRgb, pool).error().code, Errc::kCorrupt);
  EXPECT_EQ(pool.stats().in_use, 0U);
}

TEST(ImageCodec, RefusesAQualityOutOfRange) {
  ImageCodec codec;
  for (const int quality : {0, 101}) {
    EXPECT_EQ(codec.encode(red_and_blue(8, 8), ImageFileFormat::kJpeg, quality).error().code,
              Errc::kInvalidArgument);
  }
}

TEST(ImageFileFormat, FollowsTheExtension) {
  EXPECT_EQ(*image_file_format_of("a/b.JPG"), ImageFileFormat::kJpeg);
  EXPECT_EQ(*image_file_format_of("b.jpeg"), ImageFileFormat::kJpeg);
  EXPECT_EQ(*image_file_format_of("b.png"), ImageFileFormat::kPng);
  EXPECT_EQ(image_file_format_of("b.gif").error().code, Errc::kInvalidArgument);
  EXPECT_EQ(image_file_format_of("png").error().code, Errc::kInvalidArgument);
}

}  // namespace
}  // namespace penstock
