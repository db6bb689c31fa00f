#include "engine/base/quoted_list.h"

#include <gtest/gtest.h>

namespace penstock {
namespace {

TEST(QuotedList, NamesAll) {
  EXPECT_EQ(quoted_list({}), "");
  EXPECT_EQ(quoted_list({"a"}), "'a'");
  EXPECT_EQ(quoted_list({"a", "b"}), "'a', 'b'");
}

TEST(QuotedList, CountsThoseBeyondTheMost) {
  EXPECT_EQ(quoted_list({"a", "b"}, 2), "'a', 'b'");
  EXPECT_EQ(quoted_list({"a", "b", "c", "d"}, 2), "'a', 'b' and 2 more");
}

}  // namespace
}  // namespace penstock
