#include "engine/vision/axis_filter.h"

#include <gtest/gtest.h>

namespace penstock {
namespace {

TEST(AxisFilter, StartsWhereItWasMeasured) {
  const AxisFilter filter = AxisFilter::at(10, 2, 3);
  EXPECT_EQ(filter.position, 10);
  EXPECT_EQ(filter.velocity, 0);
  EXPECT_EQ(filter.position_var, 4);
  EXPECT_EQ(filter.velocity_var, 9);
}

// By hand: P = diag(4, 9), t = 1, Q = diag(1, 1): F P F' + Q = [[4 + 9 + 1, 9], [9, 9 + 1]].
// Then z = 20, R = 2: S = 16, K = (14/16, 9/16), surprise 10.
TEST(AxisFilter, FollowsTheEquationsOfKalman) {
  AxisFilter filter = AxisFilter::at(10, 2, 3);
  filter.predict(1, 1, 1);
  EXPECT_FLOAT_EQ(filter.position_var, 14);
  EXPECT_FLOAT_EQ(filter.covariance, 9);
  EXPECT_FLOAT_EQ(filter.velocity_var, 10);
  filter.correct(20, 1.4142136F);
  EXPECT_FLOAT_EQ(filter.position, 18.75F);
  EXPECT_FLOAT_EQ(filter.velocity, 5.625F);
  EXPECT_NEAR(filter.position_var, 14 - 14.0F * 14 / 16, 1e-5F);
  EXPECT_NEAR(filter.covariance, 9 - 14.0F * 9 / 16, 1e-5F);
  EXPECT_NEAR(filter.velocity_var, 10 - 9.0F * 9 / 16, 1e-5F);
}

TEST(AxisFilter, LearnsASteadySpeedAndSpansAGap) {
  AxisFilter filter = AxisFilter::at(0, 1, 1);
  for (int frame = 1; frame <= 40; ++frame) {
    filter.predict(1, 0.1F, 0.01F);
    filter.correct(static_cast<float>(3 * frame), 0.1F);
  }
  EXPECT_NEAR(filter.velocity, 3, 0.01F);
  filter.predict(5, 0.1F, 0.01F);
  EXPECT_NEAR(filter.position, 135, 0.1F);
}

TEST(AxisFilter, GrowsLessSureWithTime) {
  AxisFilter one = AxisFilter::at(0, 1, 1);
  AxisFilter five = one;
  one.predict(1, 1, 1);
  five.predict(5, 1, 1);
  EXPECT_GT(five.position_var, one.position_var);
  EXPECT_GT(five.velocity_var, one.velocity_var);
}

}  // namespace
}  // namespace penstock
