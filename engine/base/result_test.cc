#include "engine/base/result.h"

#include <memory>
#include <string>

#include <gtest/gtest.h>

namespace penstock {
namespace {

Result<int> parse_even(int value) {
  if (value % 2 != 0) {
    return Error{Errc::kInvalidArgument, "value " + std::to_string(value) + " is odd"};
  }
  return value;
}

Result<int> half_of(int value) {
  PENSTOCK_ASSIGN_OR_RETURN(const int even, parse_even(value));
  return even / 2;
}

Status check_even(int value) {
  PENSTOCK_RETURN_IF_ERROR(parse_even(value));
  return {};
}

TEST(Result, HoldsAValue) {
  const auto result = half_of(8);
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(*result, 4);
}

TEST(Result, PassesAnErrorUp) {
  const auto result = half_of(7);
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error(), (Error{Errc::kInvalidArgument, "value 7 is odd"}));
}

TEST(Result, AddsContextOnTheWayUp) {
  EXPECT_EQ(half_of(7).error().within("node 'a'").message, "node 'a': value 7 is odd");
}

TEST(Result, OfVoidIsSuccessByDefault) {
  EXPECT_TRUE(check_even(2).has_value());
  EXPECT_FALSE(check_even(3).has_value());
}

TEST(Result, MovesAValueThatCannotBeCopied) {
  Result<std::unique_ptr<int>> result(std::make_unique<int>(5));
  const std::unique_ptr<int> value = std::move(result).value();
  EXPECT_EQ(*value, 5);
}

TEST(Result, EndsTheProcessWhenAnErrorIsReadAsAValue) {
  EXPECT_DEATH(half_of(7).value(), "value 7 is odd");
}

TEST(Errc, HasAWordForEachCode) {
  EXPECT_STREQ(to_string(Errc::kDeviceLost), "device_lost");
  EXPECT_STREQ(to_string(Errc::kNotFound), "not_found");
}

}  // namespace
}  // namespace penstock
