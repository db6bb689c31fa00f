#include "tools/bench/paired_rounds.h"

#include <gtest/gtest.h>

namespace penstock {
namespace {

std::vector<double> one_to(int last) {
  std::vector<double> values;
  for (int i = last; i >= 1; --i) {
    values.push_back(i);
  }
  return values;
}

TEST(PairedRounds, RunEveryContenderInEveryRoundAndStartWithAnotherEachTime) {
  std::vector<int> order;
  const auto contender = [&](int name) {
    return [&order, name] {
      order.push_back(name);
      return static_cast<double>(name);
    };
  };
  const auto values = run_rounds({contender(1), contender(2), contender(3)}, 3);
  EXPECT_EQ(order, (std::vector<int>{1, 2, 3, 2, 3, 1, 3, 1, 2}));
  ASSERT_EQ(values.size(), 3U);
  EXPECT_EQ(values[1], (std::vector<double>{2, 2, 2}));
}

TEST(Spread, HasTheMedianOfAnOddAndOfAnEvenNumber) {
  EXPECT_EQ(spread_of({3, 1, 2}).median, 2);
  EXPECT_EQ(spread_of({4, 1, 2, 3}).median, 2.5);
  EXPECT_EQ(spread_of({3, 1, 2}).min, 1);
  EXPECT_EQ(spread_of({3, 1, 2}).max, 3);
}

TEST(MedianInterval, TakesTheTabulatedOrderStatistics) {
  // Ranks from the tables of the sign test at 95 %.
  EXPECT_EQ(median_interval(one_to(6)).low, 1);
  EXPECT_EQ(median_interval(one_to(9)).low, 2);
  EXPECT_EQ(median_interval(one_to(9)).high, 8);
  EXPECT_EQ(median_interval(one_to(15)).low, 4);
  EXPECT_EQ(median_interval(one_to(15)).high, 12);
  EXPECT_EQ(median_interval(one_to(15)).median, 8);
  EXPECT_EQ(median_interval(one_to(20)).low, 6);
  EXPECT_EQ(median_interval(one_to(20)).high, 15);
}

TEST(MedianInterval, IsTheWholeRangeOfFewValues) {
  EXPECT_EQ(median_interval(one_to(5)).low, 1);
  EXPECT_EQ(median_interval(one_to(5)).high, 5);
  EXPECT_EQ(median_interval({7}).low, 7);
}

TEST(PairedRatio, DividesRoundByRound) {
  // The second round was twice as slow for both; the ratio does not see it.
  const MedianInterval ratio = paired_ratio({1, 2, 1}, {2, 4, 2});
  EXPECT_EQ(ratio.median, 0.5);
  EXPECT_EQ(ratio.low, 0.5);
  EXPECT_EQ(ratio.high, 0.5);
}

TEST(PairedRatioDeathTest, RefusesUnequalRounds) {
  EXPECT_DEATH(paired_ratio({1, 2}, {1}), "2 against 1 rounds");
}

}  // namespace
}  // namespace penstock
