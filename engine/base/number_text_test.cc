#include "engine/base/number_text.h"

#include <limits>

#include <gtest/gtest.h>

namespace penstock {
namespace {

TEST(NumberText, IsAsPeopleWriteIt) {
  EXPECT_EQ(plain_number(0), "0");
  EXPECT_EQ(plain_number(-25), "-25");
  EXPECT_EQ(plain_number(29.97), "29.97");
  EXPECT_EQ(plain_number(0.1), "0.1");
}

TEST(NumberText, HasNoExponent) {
  EXPECT_EQ(plain_number(1e9), "1000000000");
  EXPECT_EQ(plain_number(1e15), "1000000000000000");
  EXPECT_EQ(plain_number(1e-6), "0.000001");
}

TEST(NumberText, TakesAnyNumber) {
  EXPECT_EQ(plain_number(std::numeric_limits<double>::max()).size(), 309U);
  EXPECT_GT(plain_number(-std::numeric_limits<double>::denorm_min()).size(), 300U);
}

}  // namespace
}  // namespace penstock
