#include "engine/device/rate_meter.h"

#include <chrono>

#include <gtest/gtest.h>

namespace penstock {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr TimePoint kStart{seconds(1000)};

TEST(RateMeter, SaysWhatTheLastWholeSecondHad) {
  RateMeter meter(kStart);
  EXPECT_EQ(meter.per_second(kStart), 0);
  for (int i = 1; i <= 25; ++i) {
    meter.count(2, kStart + milliseconds(40) * i);
  }
  EXPECT_DOUBLE_EQ(meter.per_second(kStart + milliseconds(1400)), 50);
}

TEST(RateMeter, FallsWhenNothingComesAnyMore) {
  RateMeter meter(kStart);
  meter.count(30, kStart + seconds(1));
  EXPECT_DOUBLE_EQ(meter.per_second(kStart + seconds(2)), 30);
  meter.count(4, kStart + milliseconds(1500));
  EXPECT_DOUBLE_EQ(meter.per_second(kStart + seconds(5)), 1);
}

}  // namespace
}  // namespace penstock
