#include "engine/nodes/picture_resampler.h"

#include <vector>

#include <gtest/gtest.h>

#include "engine/nodes/testing/pictures.h"

namespace penstock {
namespace {

using testing::i420_picture;
using testing::rgb_picture;

PictureTarget u8_target(int width, int height) {
  PictureTarget target;
  target.element = ResampleSpec::Element::kU8;
  target.layout = ResampleSpec::Layout::kNhwc;
  target.width = width;
  target.height = height;
  return target;
}

PictureResampler make(const PictureTarget& target, std::size_t slots = 4) {
  BufferPool::Options pool;
  pool.name = "pre";
  pool.max_slots = slots;
  auto resampler = PictureResampler::create(target, pool);
  EXPECT_TRUE(resampler.has_value());
  return std::move(resampler).value();
}

/// Returns the first channel of the pixel at (x, y) of a u8 NHWC picture.
int red_at(const PictureResampler::Made& made, int x, int y) {
  return static_cast<int>(made.buffer.data()[static_cast<std::size_t>(3 * (y * made.width + x))]);
}

TEST(PictureResampler, PadsWhatThePictureDoesNotFill) {
  PictureResampler resampler = make(u8_target(8, 8));
  const auto made = resampler.run(rgb_picture(16, 8, {200, 0, 0}));
  ASSERT_TRUE(made.has_value());
  EXPECT_EQ(made->width, 8);
  EXPECT_EQ(made->height, 8);
  EXPECT_EQ(red_at(*made, 4, 1), 114);
  EXPECT_EQ(red_at(*made, 4, 2), 200);
  EXPECT_EQ(red_at(*made, 4, 5), 200);
  EXPECT_EQ(red_at(*made, 4, 6), 114);
}

TEST(PictureResampler, StretchesWhenShapeDoesNotCount) {
  PictureTarget target = u8_target(8, 8);
  target.keeps_shape = false;
  PictureResampler resampler = make(target);
  const auto made = resampler.run(rgb_picture(16, 4, {200, 0, 0}));
  ASSERT_TRUE(made.has_value());
  EXPECT_EQ(red_at(*made, 0, 0), 200);
  EXPECT_EQ(red_at(*made, 7, 7), 200);
  EXPECT_EQ(made->to_source.apply(Point{8, 8}), (Point{16, 4}));
}

TEST(PictureResampler, MapsBackThroughWhatHappenedBefore) {
  PictureResampler resampler = make(u8_target(8, 8));
  Image half = rgb_picture(16, 8, {1, 2, 3});
  half.to_source = Affine::scale_and_shift(2, 2, 100, 50);  // A crop of a picture twice as fine.
  const auto made = resampler.run(half);
  ASSERT_TRUE(made.has_value());
  // The inset is rows 2..6, at half the size of `half`.
  EXPECT_EQ(made->to_source.apply(Point{0, 2}), (Point{100, 50}));
  EXPECT_EQ(made->to_source.apply(Point{8, 6}), (Point{132, 66}));
}

TEST(PictureResampler, KeepsThePicturesSizeWhereTheTargetHasNone) {
  PictureResampler resampler = make(u8_target(0, 0));
  const auto made = resampler.run(i420_picture(6, 4, {235, 128, 128}));
  ASSERT_TRUE(made.has_value());
  EXPECT_EQ(made->width, 6);
  EXPECT_EQ(made->height, 4);
  EXPECT_EQ(red_at(*made, 5, 3), 255);
}

TEST(PictureResampler, RewritesThePaddingWhenABufferComesBackFromAnotherSize) {
  PictureResampler resampler = make(u8_target(8, 8), 1);
  const Image wide = rgb_picture(16, 8, {200, 0, 0});
  const Image tall = rgb_picture(8, 16, {100, 0, 0});
  for (int round = 0; round < 2; ++round) {
    const auto first = resampler.run(wide);
    ASSERT_TRUE(first.has_value());
    EXPECT_EQ(red_at(*first, 0, 0), 114);
    EXPECT_EQ(red_at(*first, 0, 4), 200);
    auto other = resampler.run(tall);
    EXPECT_FALSE(other.has_value());  // The only buffer is held.
    const_cast<PictureResampler::Made&>(*first).buffer.reset();
    other = resampler.run(tall);
    ASSERT_TRUE(other.has_value());
    EXPECT_EQ(red_at(*other, 0, 4), 114);
    EXPECT_EQ(red_at(*other, 4, 0), 100);
  }
}

TEST(PictureResampler, GivesTheSameOnASecondRunOfABuffer) {
  PictureResampler resampler = make(u8_target(8, 8), 1);
  std::vector<std::byte> first;
  for (int round = 0; round < 2; ++round) {
    const auto made = resampler.run(i420_picture(20, 10, {120, 90, 200}));
    ASSERT_TRUE(made.has_value());
    const std::vector<std::byte> bytes(made->buffer.data(),
                                       made->buffer.data() + made->buffer.size());
    EXPECT_TRUE(round == 0 || bytes == first);
    first = bytes;
  }
}

TEST(PictureResampler, RefusesAPictureWithoutPixels) {
  PictureResampler resampler = make(u8_target(8, 8));
  const auto made = resampler.run(Image());
  ASSERT_FALSE(made.has_value());
  EXPECT_EQ(made.error().code, Errc::kInvalidArgument);
}

TEST(PictureResampler, SaysSoWhenEveryBufferIsHeld) {
  PictureResampler resampler = make(u8_target(8, 8), 1);
  const auto held = resampler.run(rgb_picture(8, 8, {1, 2, 3}));
  const auto made = resampler.run(rgb_picture(8, 8, {1, 2, 3}));
  ASSERT_TRUE(held.has_value());
  ASSERT_FALSE(made.has_value());
  EXPECT_EQ(made.error().code, Errc::kInternal);
  EXPECT_NE(made.error().message.find("'pre'"), std::string::npos);
}

TEST(PictureResampler, RefusesATargetThatCannotBeMade) {
  PictureTarget target = u8_target(8, 8);
  target.deviation = {1, 0, 1};
  EXPECT_EQ(PictureResampler::create(target, {}).error().code, Errc::kInvalidArgument);
}

}  // namespace
}  // namespace penstock
