#include "engine/vision/frame_steps.h"

#include <limits>

#include <gtest/gtest.h>

namespace penstock {
namespace {

TEST(FrameSteps, CountsOneStepAFrameAtASteadyRate) {
  FrameSteps steps(std::nullopt);
  for (std::int64_t frame = 0; frame < 40; ++frame) {
    EXPECT_FLOAT_EQ(steps.advance(frame * 100), 1);
  }
}

TEST(FrameSteps, CountsDroppedFramesAsTime) {
  FrameSteps steps(std::nullopt);
  for (std::int64_t frame = 0; frame < 10; ++frame) {
    steps.advance(frame * 100);
  }
  EXPECT_FLOAT_EQ(steps.advance(1400), 5);
  EXPECT_FLOAT_EQ(steps.advance(1500), 1);
}

TEST(FrameSteps, CountsByTheGivenInterval) {
  FrameSteps steps(50);
  EXPECT_FLOAT_EQ(steps.advance(0), 1);
  EXPECT_FLOAT_EQ(steps.advance(100), 2);
}

TEST(FrameSteps, FollowsAChangeOfTheRate) {
  FrameSteps steps(std::nullopt);
  std::int64_t now = 0;
  for (int frame = 0; frame < 20; ++frame) {
    steps.advance(now += 100);
  }
  for (int frame = 0; frame < 8; ++frame) {
    steps.advance(now += 200);
  }
  EXPECT_FLOAT_EQ(steps.advance(now += 200), 1);
}

TEST(FrameSteps, TakesATimeThatDoesNotAdvanceAsOneStep) {
  FrameSteps steps(100);
  steps.advance(1000);
  EXPECT_FLOAT_EQ(steps.advance(1000), 1);
  EXPECT_FLOAT_EQ(steps.advance(0), 1);
  EXPECT_FLOAT_EQ(steps.advance(300), 3);
}

TEST(FrameSteps, StartsAnewAfterAReset) {
  FrameSteps steps(100);
  steps.advance(0);
  steps.reset();
  EXPECT_FLOAT_EQ(steps.advance(900), 1);
}

TEST(FrameSteps, SurvivesTheEndsOfTime) {
  FrameSteps steps(std::nullopt);
  steps.advance(std::numeric_limits<std::int64_t>::min());
  EXPECT_FLOAT_EQ(steps.advance(std::numeric_limits<std::int64_t>::max()), 1);
}

}  // namespace
}  // namespace penstock
