#include "engine/tensor/image.h"

#include <gtest/gtest.h>

namespace penstock {
namespace {

TEST(Image, LaysOutI420WithHalvedChromaRoundedUp) {
  const ImageLayout layout = layout_of(PixelFormat::kI420, 5, 3, 1);
  EXPECT_EQ(layout.planes[0], (Plane{0, 5}));
  EXPECT_EQ(layout.planes[1], (Plane{15, 3}));
  EXPECT_EQ(layout.planes[2], (Plane{21, 3}));
  EXPECT_EQ(layout.bytes, 27U);
}

TEST(Image, LaysOutNv12WithOneChromaPlane) {
  const ImageLayout layout = layout_of(PixelFormat::kNv12, 5, 3, 1);
  EXPECT_EQ(layout.planes[1], (Plane{15, 6}));
  EXPECT_EQ(layout.bytes, 27U);
}

TEST(Image, StartsEveryRowAtTheAlignment) {
  const ImageLayout layout = layout_of(PixelFormat::kRgb, 5, 2, 64);
  EXPECT_EQ(layout.planes[0], (Plane{0, 64}));
  EXPECT_EQ(layout.bytes, 128U);
  for (const Plane& plane : layout_of(PixelFormat::kI420, 99, 7, 64).planes) {
    EXPECT_EQ(plane.offset % 64, 0U);
    EXPECT_EQ(plane.stride_bytes % 64, 0U);
  }
}

TEST(Image, CountsThePlanesOfEachFormat) {
  EXPECT_EQ(plane_count(PixelFormat::kI420), 3U);
  EXPECT_EQ(plane_count(PixelFormat::kNv12), 2U);
  EXPECT_EQ(plane_count(PixelFormat::kBgr), 1U);
  EXPECT_EQ(plane_count(PixelFormat::kGray), 1U);
}

TEST(Image, FindsItsPlanesInTheBuffer) {
  Image image;
  const ImageLayout layout = layout_of(PixelFormat::kI420, 4, 4, 1);
  image.planes = layout.planes;
  image.buffer = Buffer::allocate(layout.bytes);
  image.mutable_plane(2)[0] = 7;
  EXPECT_EQ(image.plane(2) - image.plane(0), 20);
  EXPECT_EQ(image.plane(2)[0], 7);
}

}  // namespace
}  // namespace penstock
