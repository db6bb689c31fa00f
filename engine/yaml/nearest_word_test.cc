#include "engine/yaml/nearest_word.h"

#include <gtest/gtest.h>

namespace penstock {
namespace {

TEST(EditDistance, CountsTypingMistakes) {
  EXPECT_EQ(edit_distance("detect", "detect", 5), 0U);
  EXPECT_EQ(edit_distance("detct", "detect", 5), 1U);
  EXPECT_EQ(edit_distance("dteect", "detect", 5), 1U) << "two letters swapped are one mistake";
  EXPECT_EQ(edit_distance("", "abc", 5), 3U);
  EXPECT_EQ(edit_distance("kitten", "sitting", 5), 3U);
}

TEST(EditDistance, StopsAtItsLimit) {
  EXPECT_EQ(edit_distance("a", "abcdefgh", 2), 3U);
}

TEST(NearestWord, FindsWhatTheUserMeant) {
  EXPECT_EQ(nearest_word("detct", {"cam", "detect", "overlay"}), "detect");
  EXPECT_EQ(nearest_word("Person", {"person", "dog"}), "person");
  EXPECT_EQ(nearest_word("uir", {"uri", "loop"}), "uri");
}

TEST(NearestWord, FindsNothingFarAway) {
  EXPECT_EQ(nearest_word("detect", {"cam", "overlay"}), "");
  EXPECT_EQ(nearest_word("", {"cam"}), "");
  EXPECT_EQ(nearest_word("b", {"a"}), "") << "one letter, and another one";
  EXPECT_EQ(nearest_word("ab", {"a"}), "");
  EXPECT_EQ(nearest_word("A", {"a"}), "a");
  EXPECT_EQ(nearest_word(std::string(1000, 'x'), {"cam"}), "");
}

TEST(NearestWord, IsPutAsAQuestion) {
  EXPECT_EQ(did_you_mean("overly", {"overlay"}), "did you mean 'overlay'?");
  EXPECT_EQ(did_you_mean("zzz", {"overlay"}), "");
}

TEST(OneOf, CutsLongLists) {
  EXPECT_EQ(one_of({"a", "b"}), "one of a, b");
  const std::string text = one_of(std::vector<std::string>(80, "label"));
  EXPECT_EQ(text.substr(text.size() - 5), ", ...");
}

}  // namespace
}  // namespace penstock
