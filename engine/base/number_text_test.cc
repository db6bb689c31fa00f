#include "engine/base/number_text.h"

#include <limits>

#include <gtest/gtest.h>

namespace penstock {
namespace {

TEST(NumberText, IsAsPeopleWriteIt) {
  EXPECT_EQ(number_text(0), "0");
  EXPECT_EQ(number_text(-25), "-25");
  EXPECT_EQ(number_text(29.97), "29.97");
  EXPECT_EQ(number_text(0.1), "0.1");
}

TEST(NumberText, HasNoExponent) {
  EXPECT_EQ(number_text(1e9), "1000000000");
  EXPECT_EQ(number_text(1e15), "1000000000000000");
  EXPECT_EQ(number_text(1e-6), "0.000001");
}

TEST(NumberText, TakesAnyNumber) {
  EXPECT_EQ(number_text(std::numeric_limits<double>::max()).size(), 309U);
  EXPECT_GT(number_text(-std::numeric_limits<double>::denorm_min()).size(), 300U);
}

}  // namespace
}  // namespace penstock
