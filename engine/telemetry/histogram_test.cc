#include "engine/telemetry/histogram.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace penstock {
namespace {

constexpr std::uint64_t kHuge = std::numeric_limits<std::uint64_t>::max();

TEST(Histogram, SaysNothingOfNothing) {
  const Histogram histogram;
  EXPECT_EQ(histogram.count(), 0U);
  EXPECT_EQ(histogram.quantile(0.5), 0U);
  EXPECT_EQ(histogram.max(), 0U);
}

TEST(Histogram, IsExactBelow16) {
  Histogram histogram;
  for (std::uint64_t value = 0; value < 16; ++value) {
    histogram.record(value);
  }
  EXPECT_EQ(histogram.quantile(0), 0U);
  EXPECT_EQ(histogram.quantile(0.5), 7U);
  EXPECT_EQ(histogram.quantile(1), 15U);
}

TEST(Histogram, NeverSaysMoreThanTheLargestValue) {
  Histogram histogram;
  histogram.record(1'000'000'000);
  EXPECT_LE(histogram.quantile(1), 1'000'000'000U);
}

TEST(Histogram, TakesTheLargestAndSmallestValuesThereAre) {
  Histogram histogram;
  histogram.record(0);
  histogram.record(kHuge);
  EXPECT_EQ(histogram.quantile(0), 0U);
  EXPECT_GE(histogram.quantile(1), kHuge - kHuge / 16);
  EXPECT_EQ(histogram.max(), kHuge);
}

TEST(Histogram, TakesSharesOutside0To1AsTheNearestOne) {
  Histogram histogram;
  histogram.record(3);
  histogram.record(9);
  EXPECT_EQ(histogram.quantile(-1), 3U);
  EXPECT_EQ(histogram.quantile(7), 9U);
}

TEST(Histogram, IsRightWithin6PercentOnRandomData) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    std::mt19937_64 random(seed);
    std::uniform_real_distribution<double> exponent(0, 63);
    Histogram histogram;
    std::vector<std::uint64_t> values;
    for (int i = 0; i < 2'000; ++i) {
      values.push_back(static_cast<std::uint64_t>(std::exp2(exponent(random))));
      histogram.record(values.back());
    }
    std::sort(values.begin(), values.end());
    for (const double q : {0.01, 0.25, 0.5, 0.9, 0.99, 1.0}) {
      const auto rank = static_cast<std::size_t>(std::ceil(q * 2'000)) - 1;
      const auto truth = static_cast<double>(values[rank]);
      EXPECT_NEAR(static_cast<double>(histogram.quantile(q)), truth, 0.06 * truth)
          << "seed " << seed << ", q " << q;
    }
  }
}

}  // namespace
}  // namespace penstock
