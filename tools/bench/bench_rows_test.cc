#include "tools/bench/bench_rows.h"

#include <gtest/gtest.h>

namespace penstock {
namespace {

TEST(BenchRows, ShowTheMedianAndHowFarAFigureWent) {
  const BenchRow row = row_of("hop", {3, 1, 2}, "ns");
  EXPECT_EQ(row.name, "hop");
  EXPECT_EQ(row.unit, "ns");
  EXPECT_EQ(row.value, 2);
  EXPECT_EQ(row.min, 1);
  EXPECT_EQ(row.max, 3);
  EXPECT_FALSE(row.ratio.has_value());
  EXPECT_FALSE(row.met.has_value()) << "there is no goal";
}

TEST(BenchRows, ShowARatioWithItsInterval) {
  const BenchRow row = ratio_row("hop ratio", {1.5, 1.25, 2}, "a peer");
  EXPECT_EQ(row.value, 1.5);
  EXPECT_EQ(row.unit, "x");
  EXPECT_EQ(row.min, 1.25);
  EXPECT_EQ(row.max, 2);
  EXPECT_EQ(row.ratio, 1.5);
  EXPECT_EQ(row.against, "a peer");
  EXPECT_FALSE(row.goal.has_value());
  EXPECT_FALSE(row.met.has_value());
}

TEST(BenchRows, HoldTheMedianOfARatioToItsGoal) {
  EXPECT_EQ(ratio_row("r", {1.5, 1.25, 2}, "a peer", 1.5).met, true);
  EXPECT_EQ(ratio_row("r", {1.5, 1.25, 2}, "a peer", 1.4).met, false);
  EXPECT_EQ(ratio_row("r", {1.5, 1.25, 2}, "a peer", 1.4).goal, 1.4);
}

}  // namespace
}  // namespace penstock
