#include "engine/nodes/path_pattern.h"

#include <gtest/gtest.h>

namespace penstock {
namespace {

// 2026-11-22 03:45:06 UTC, a quarter of a second later.
constexpr std::int64_t kWallNs = 1'795'319'106'250'000'000;

TEST(PathPattern, FillsInGraphAndStream) {
  EXPECT_EQ(expand_path("out/$(graph)/$(stream).jsonl", {"yard", "gate", {}, kWallNs}),
            "out/yard/gate.jsonl");
}

TEST(PathPattern, FillsInTheTimeInUtc) {
  EXPECT_EQ(expand_path("%Y-%m-%d/%H%M%S.jpg", {"g", "s", {}, kWallNs}), "2026-11-22/034506.jpg");
}

TEST(PathPattern, WritesTheNumberWithSixDigitsOrMore) {
  EXPECT_EQ(expand_path("$(seq).png", {"g", "s", 42, 0}), "000042.png");
  EXPECT_EQ(expand_path("$(seq).png", {"g", "s", 12345678, 0}), "12345678.png");
}

TEST(PathPattern, LeavesTheNumberWhereThereIsNone) {
  EXPECT_EQ(expand_path("$(seq)", {"g", "s", {}, 0}), "$(seq)");
}

TEST(PathPattern, LeavesOtherTextAlone) {
  EXPECT_EQ(expand_path("a$b(c)%", {"g", "s", {}, 0}), "a$b(c)%");
  EXPECT_EQ(expand_path("", {"g", "s", {}, 0}), "");
}

TEST(PathPattern, TakesTwoPercentSignsForOne) {
  EXPECT_EQ(expand_path("100%%", {"g", "s", {}, 0}), "100%");
}

TEST(PathPattern, DoesNotLookIntoWhatItFilledIn) {
  EXPECT_EQ(expand_path("$(stream)", {"g", "%Y$(graph)", {}, 0}), "%Y$(graph)");
}

TEST(PathPattern, RoundsDownBefore1970) {
  EXPECT_EQ(expand_path("%Y-%H:%M:%S", {"g", "s", {}, -1}), "1969-23:59:59");
}

TEST(PathPattern, KnowsWhetherThePathDependsOnTime) {
  EXPECT_TRUE(has_time_words("out/%Y.jsonl"));
  EXPECT_TRUE(has_time_words("%%%d"));
  EXPECT_FALSE(has_time_words("out/$(stream).jsonl"));
  EXPECT_FALSE(has_time_words("100%%"));
  EXPECT_FALSE(has_time_words("100%"));
}

}  // namespace
}  // namespace penstock
