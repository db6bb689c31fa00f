#include "tools/cli/arguments.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace penstock {
namespace {

const ArgumentRules& rules() {
  static const ArgumentRules kRules = {{"--json"}, {"--set", "-o"}, "FILE", 1, 2};
  return kRules;
}

Result<Arguments> parse(const std::vector<std::string>& words) {
  return Arguments::parse(words, rules());
}

std::string error_of(const std::vector<std::string>& words) {
  const auto parsed = parse(words);
  return parsed.has_value() ? "" : parsed.error().message;
}

TEST(Arguments, SortsFlagsOptionsAndPlainWords) {
  const auto parsed = parse({"--set", "a=1", "x.yaml", "--json", "-o", "y", "--set=b=2"});
  ASSERT_TRUE(parsed.has_value()) << parsed.error().message;
  EXPECT_EQ(parsed->plain(), std::vector<std::string>{"x.yaml"});
  EXPECT_TRUE(parsed->has("--json"));
  EXPECT_EQ(parsed->value("-o"), "y");
  EXPECT_EQ(parsed->values("--set"), (std::vector<std::string>{"a=1", "b=2"}));
}

TEST(Arguments, TakesTheLastValueOfAnOption) {
  EXPECT_EQ(parse({"f", "-o", "a", "-o", "b"})->value("-o"), "b");
  EXPECT_FALSE(parse({"f"})->value("-o").has_value());
}

TEST(Arguments, TakesWhatFollowsTwoDashesAsPlain) {
  EXPECT_EQ(parse({"--", "--json"})->plain(), std::vector<std::string>{"--json"});
}

TEST(Arguments, TakesALoneDashAsPlain) {
  EXPECT_EQ(parse({"-"})->plain(), std::vector<std::string>{"-"});
}

TEST(Arguments, NamesTheNearestOption) {
  EXPECT_EQ(error_of({"f", "--jsn"}), "unknown option '--jsn'; did you mean '--json'?");
}

TEST(Arguments, RefusesAMissingOrUnwantedValue) {
  EXPECT_EQ(error_of({"f", "-o"}), "option '-o' wants a value");
  EXPECT_EQ(error_of({"f", "--json=1"}), "option '--json' takes no value");
}

TEST(Arguments, RefusesTooFewAndTooManyPlainWords) {
  EXPECT_EQ(error_of({}), "wants FILE");
  EXPECT_EQ(error_of({"a", "b", "c"}), "unexpected word 'c'; wants only FILE");
}

TEST(Arguments, ReadSettings) {
  const auto settings = parse_settings({"a=1", "b=x=y", "a=2", "c="});
  ASSERT_TRUE(settings.has_value());
  EXPECT_EQ(*settings, (std::map<std::string, std::string>{{"a", "2"}, {"b", "x=y"}, {"c", ""}}));
  EXPECT_FALSE(parse_settings({"a"}).has_value());
  EXPECT_FALSE(parse_settings({"=1"}).has_value());
}

}  // namespace
}  // namespace penstock
