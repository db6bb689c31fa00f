#include "engine/tensor/letterbox_geometry.h"

#include <gtest/gtest.h>

namespace penstock {
namespace {

TEST(LetterboxGeometry, CentresAWidePictureVertically) {
  const LetterboxGeometry geometry = letterbox_geometry(1920, 1080, 640, 640);
  EXPECT_EQ(geometry.x, 0);
  EXPECT_EQ(geometry.y, 140);
  EXPECT_EQ(geometry.w, 640);
  EXPECT_EQ(geometry.h, 360);
  EXPECT_DOUBLE_EQ(geometry.scale, 1.0 / 3.0);
}

TEST(LetterboxGeometry, CentresATallPictureHorizontally) {
  const LetterboxGeometry geometry = letterbox_geometry(1080, 1920, 640, 640);
  EXPECT_EQ(geometry.x, 140);
  EXPECT_EQ(geometry.y, 0);
  EXPECT_EQ(geometry.w, 360);
  EXPECT_EQ(geometry.h, 640);
}

TEST(LetterboxGeometry, ScalesASmallPictureUp) {
  const LetterboxGeometry geometry = letterbox_geometry(10, 20, 100, 100);
  EXPECT_EQ(geometry.w, 50);
  EXPECT_EQ(geometry.h, 100);
  EXPECT_EQ(geometry.x, 25);
  EXPECT_DOUBLE_EQ(geometry.scale, 5.0);
}

TEST(LetterboxGeometry, PutsTheOddPixelOfPaddingOnTheRight) {
  const LetterboxGeometry geometry = letterbox_geometry(3, 10, 10, 10);
  EXPECT_EQ(geometry.w, 3);
  EXPECT_EQ(geometry.x, 3);  // 3 on the left, 4 on the right
}

TEST(LetterboxGeometry, KeepsAtLeastOnePixelOfAThinPicture) {
  const LetterboxGeometry geometry = letterbox_geometry(10000, 1, 64, 64);
  EXPECT_EQ(geometry.w, 64);
  EXPECT_EQ(geometry.h, 1);
}

TEST(LetterboxGeometry, FillsADestinationOfTheSameShape) {
  const LetterboxGeometry geometry = letterbox_geometry(1280, 720, 640, 360);
  EXPECT_EQ(geometry.x, 0);
  EXPECT_EQ(geometry.y, 0);
  EXPECT_EQ(geometry.w, 640);
  EXPECT_EQ(geometry.h, 360);
}

TEST(LetterboxGeometry, MapsTheCornersOfTheInsetToThoseOfThePicture) {
  const LetterboxGeometry geometry = letterbox_geometry(1919, 1079, 640, 640);
  const Affine to_source = geometry.to_source();
  const Point first =
      to_source.apply(Point{static_cast<float>(geometry.x), static_cast<float>(geometry.y)});
  const Point last = to_source.apply(Point{static_cast<float>(geometry.x + geometry.w),
                                           static_cast<float>(geometry.y + geometry.h)});
  EXPECT_NEAR(first.x, 0.0F, 1e-3F);
  EXPECT_NEAR(first.y, 0.0F, 1e-3F);
  EXPECT_NEAR(last.x, 1919.0F, 1e-2F);
  EXPECT_NEAR(last.y, 1079.0F, 1e-2F);
}

TEST(LetterboxGeometry, MapsCentresToCentres) {
  const Affine to_source = letterbox_geometry(1920, 1080, 640, 640).to_source();
  // An exact third: the centre of each destination pixel is that of the middle one of three.
  const Point centre = to_source.apply(Point{10.5F, 140.5F});
  EXPECT_FLOAT_EQ(centre.x, 31.5F);
  EXPECT_NEAR(centre.y, 1.5F, 1e-4F);
}

TEST(LetterboxGeometryDeathTest, RefusesAnEmptyPicture) {
  EXPECT_DEATH(letterbox_geometry(0, 10, 10, 10), "sizes must be positive");
}

}  // namespace
}  // namespace penstock
