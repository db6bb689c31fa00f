#include "engine/tensor/affine.h"

#include <random>

#include <gtest/gtest.h>

namespace penstock {
namespace {

TEST(Affine, ScalesAndShiftsPointsAndBoxes) {
  const Affine map = Affine::scale_and_shift(2, 3, 10, 20);
  EXPECT_EQ(map.apply(Point{1, 1}), (Point{12, 23}));
  EXPECT_EQ(map.apply(Box{1, 1, 4, 5}), (Box{12, 23, 8, 15}));
}

TEST(Affine, GivesTheBoxAroundTurnedCorners) {
  const Affine quarter{.xx = 0, .xy = -1, .dx = 0, .yx = 1, .yy = 0, .dy = 0};
  EXPECT_EQ(quarter.apply(Box{1, 2, 3, 4}), (Box{-6, 1, 4, 3}));
}

TEST(Affine, ComposesInTheOrderThatItSays) {
  const Affine shift = Affine::scale_and_shift(1, 1, 5, 0);
  const Affine scale = Affine::scale_and_shift(2, 2, 0, 0);
  EXPECT_EQ(scale.after(shift).apply(Point{1, 1}), (Point{12, 2}));
  EXPECT_EQ(shift.after(scale).apply(Point{1, 1}), (Point{7, 2}));
}

TEST(Affine, InvertsWhatIsNotSingular) {
  std::mt19937 random(1);
  std::uniform_real_distribution<float> any(-3, 3);
  for (int i = 0; i < 100; ++i) {
    const Affine map{any(random) + 7, any(random), any(random), any(random), any(random) + 7, 1};
    const auto back = map.inverse();
    ASSERT_TRUE(back.has_value());
    const Point p = back->after(map).apply(Point{3, -4});
    EXPECT_NEAR(p.x, 3, 1e-3) << i;
    EXPECT_NEAR(p.y, -4, 1e-3) << i;
  }
  EXPECT_FALSE(Affine::scale_and_shift(0, 1, 0, 0).inverse().has_value());
}

TEST(Box, SharesNothingWithWhatItOnlyTouches) {
  EXPECT_EQ(iou({0, 0, 2, 2}, {2, 0, 2, 2}), 0);
  EXPECT_EQ(iou({0, 0, 0, 0}, {0, 0, 0, 0}), 0);
  EXPECT_FLOAT_EQ(iou({0, 0, 2, 2}, {1, 0, 2, 2}), 1.0F / 3);
  EXPECT_FLOAT_EQ(iou({1, 1, 2, 2}, {1, 1, 2, 2}), 1);
}

}  // namespace
}  // namespace penstock
