#include "drivers/sim/host_meter.h"

#include <gtest/gtest.h>

namespace penstock::sim {
namespace {

constexpr std::int64_t kMs = 1'000'000;

TEST(HostMeter, KnowsNothingBeforeTheFirstInference) {
  HostMeter meter;
  EXPECT_EQ(meter.rate(5 * kMs), 0);
  meter.begin(5 * kMs);
  EXPECT_EQ(meter.rate(9 * kMs), 0);
}

TEST(HostMeter, LeavesPausesOut) {
  HostMeter meter;
  for (const std::int64_t start : {0, 1000, 5000}) {
    meter.begin(start * kMs);
    meter.end((start + 10) * kMs, 1);
  }
  EXPECT_DOUBLE_EQ(meter.rate(90'000 * kMs), 100);
}

TEST(HostMeter, CountsInferencesSideBySideOverTheTimeOfBoth) {
  HostMeter meter;
  meter.begin(0);
  meter.begin(0);
  meter.end(10 * kMs, 1);
  meter.end(10 * kMs, 1);
  EXPECT_DOUBLE_EQ(meter.rate(10 * kMs), 200);
}

TEST(HostMeter, CountsTheTimeButNoInferenceOfOneThatFailed) {
  HostMeter meter;
  meter.begin(0);
  meter.end(10 * kMs, 1);
  meter.begin(20 * kMs);
  meter.end(30 * kMs, 0);
  EXPECT_DOUBLE_EQ(meter.rate(30 * kMs), 50);
}

TEST(HostMeter, CountsTheFramesOfABatch) {
  HostMeter meter;
  meter.begin(0);
  meter.end(10 * kMs, 4);
  EXPECT_DOUBLE_EQ(meter.rate(10 * kMs), 400);
}

TEST(HostMeter, CountsTheInferenceUnderWayInItsTime) {
  HostMeter meter;
  meter.begin(0);
  meter.end(10 * kMs, 1);
  meter.begin(10 * kMs);
  EXPECT_DOUBLE_EQ(meter.rate(20 * kMs), 50);
}

}  // namespace
}  // namespace penstock::sim
