#include "drivers/media/av/rising_times.h"

#include <gtest/gtest.h>

namespace penstock {
namespace {

constexpr std::int64_t kMs = 1'000'000;

TEST(RisingTimes, LeavesRisingTimesAlone) {
  RisingTimes times(40 * kMs);
  EXPECT_EQ(times.next(0), 0);
  EXPECT_EQ(times.next(40 * kMs), 40 * kMs);
  EXPECT_EQ(times.next(41 * kMs), 41 * kMs);
  EXPECT_EQ(times.restamped(), 0U);
}

TEST(RisingTimes, PutsAMissingTimeOneFrameLater) {
  RisingTimes times(40 * kMs);
  EXPECT_EQ(times.next({}), 0);
  EXPECT_EQ(times.next({}), 40 * kMs);
  EXPECT_EQ(times.next(100 * kMs), 100 * kMs);
  EXPECT_EQ(times.restamped(), 2U);
}

TEST(RisingTimes, NudgesARepeatedTimeAndKeepsTheStreamsClock) {
  RisingTimes times(40 * kMs);
  times.next(40 * kMs);
  EXPECT_EQ(times.next(40 * kMs), 40 * kMs + 1000);
  EXPECT_EQ(times.next(80 * kMs), 80 * kMs);
  EXPECT_EQ(times.restamped(), 1U);
  EXPECT_EQ(times.clock_restarts(), 0U);
}

TEST(RisingTimes, GoesOnAfterTheClockRestarted) {
  RisingTimes times(40 * kMs);
  times.next(5000 * kMs);
  EXPECT_EQ(times.next(0), 5040 * kMs);
  EXPECT_EQ(times.next(40 * kMs), 5080 * kMs);
  EXPECT_EQ(times.clock_restarts(), 1U);
}

}  // namespace
}  // namespace penstock
