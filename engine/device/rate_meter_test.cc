#include "engine/device/rate_meter.h"

#include <chrono>

#include <gtest/gtest.h>

namespace penstock {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr TimePoint kStart{seconds(1000)};

/// Counts `things` every 40 ms, `times` times, from `begin` on; returns when it ended.
TimePoint count_regularly(RateMeter& meter, TimePoint begin, int times, std::uint64_t things) {
  for (int i = 1; i <= times; ++i) {
    meter.count(things, begin + milliseconds(40) * i);
  }
  return begin + milliseconds(40) * times;
}

TEST(RateMeter, SaysWhatTheLastThreeSecondsHad) {
  RateMeter meter(kStart);
  EXPECT_EQ(meter.per_second(kStart), 0);
  const TimePoint fast = count_regularly(meter, kStart, 250, 2);
  EXPECT_NEAR(meter.per_second(fast), 50, 1);
  const TimePoint slow = count_regularly(meter, fast, 100, 1);
  EXPECT_NEAR(meter.per_second(slow), 25, 1);
}

TEST(RateMeter, IsZeroThreeSecondsAfterTheLast) {
  RateMeter meter(kStart);
  const TimePoint end = count_regularly(meter, kStart, 1000, 3);
  double before = meter.per_second(end);
  EXPECT_NEAR(before, 75, 2);
  for (int i = 1; i < 11; ++i) {
    const double rate = meter.per_second(end + milliseconds(250) * i);
    EXPECT_LT(rate, before);
    EXPECT_GT(rate, 0);
    before = rate;
  }
  EXPECT_EQ(meter.per_second(end + RateMeter::kWindow), 0);
  EXPECT_EQ(meter.per_second(end + seconds(1000)), 0);
}

TEST(RateMeter, CountsOfNewWhatComesAfterALongPause) {
  RateMeter meter(kStart);
  count_regularly(meter, kStart, 250, 2);
  const TimePoint end = count_regularly(meter, kStart + seconds(500), 50, 2);
  EXPECT_NEAR(meter.per_second(end + milliseconds(1000)), 100.0 / 3, 3);
}

TEST(RateMeter, DoesNotTakeTheFirstFramesForARate) {
  RateMeter meter(kStart);
  meter.count(3, kStart + milliseconds(1));
  EXPECT_DOUBLE_EQ(meter.per_second(kStart + milliseconds(2)), 3);
}

}  // namespace
}  // namespace penstock
