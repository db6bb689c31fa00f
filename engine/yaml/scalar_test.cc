#include "engine/yaml/scalar.h"

#include <gtest/gtest.h>

namespace penstock {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

TEST(ParseBool, KnowsTwoWords) {
  EXPECT_TRUE(*parse_bool("true"));
  EXPECT_FALSE(*parse_bool("false"));
  EXPECT_FALSE(parse_bool("yes").has_value());
}

TEST(ParseInt, ReadsDecimalNumbers) {
  EXPECT_EQ(*parse_int("0"), 0);
  EXPECT_EQ(*parse_int("-12"), -12);
  EXPECT_EQ(*parse_int("+7"), 7);
  for (const char* text :
       {"", "012", "0o14", "1.0", "0x10", "1_000", "12a", "99999999999999999999"}) {
    EXPECT_FALSE(parse_int(text).has_value()) << text;
  }
}

TEST(ParseNumber, ReadsDecimalNumbers) {
  EXPECT_DOUBLE_EQ(*parse_number("0.4"), 0.4);
  EXPECT_DOUBLE_EQ(*parse_number("1e-3"), 0.001);
  EXPECT_DOUBLE_EQ(*parse_number(".5"), 0.5);
  for (const char* text : {"", "inf", "nan", "1e999", "0.4x", "--1"}) {
    EXPECT_FALSE(parse_number(text).has_value()) << text;
  }
}

TEST(ParseDuration, WantsAUnit) {
  EXPECT_EQ(*parse_duration("15ms"), milliseconds(15));
  EXPECT_EQ(*parse_duration("1.5s"), milliseconds(1500));
  EXPECT_EQ(*parse_duration("2min"), std::chrono::minutes(2));
  EXPECT_EQ(*parse_duration("0s"), nanoseconds(0));
  EXPECT_EQ(parse_duration("15").error().message, "wants a unit, e.g. 15ms");
  EXPECT_EQ(parse_duration("fast").error().message, "wants a duration such as 15ms");
  EXPECT_EQ(parse_duration("5m").error().message, "wants one of the units ns us ms s min h d");
  EXPECT_EQ(parse_duration("-5s").error().message, "wants 0 or more");
  EXPECT_EQ(parse_duration("1e12d").error().message, "wants a smaller number");
}

TEST(ParseBytes, WantsAUnit) {
  EXPECT_EQ(*parse_bytes("64MiB"), 67108864U);
  EXPECT_EQ(*parse_bytes("1.5 kB"), 1500U);
  EXPECT_EQ(parse_bytes("64").error().message, "wants a unit, e.g. 64MiB");
}

TEST(ParseBitRate, WantsAUnit) {
  EXPECT_EQ(*parse_bit_rate("4Mbit/s"), 4000000U);
  EXPECT_EQ(parse_bit_rate("4").error().message, "wants a unit, e.g. 4Mbit/s");
}

TEST(ParseRate, ReadsFractions) {
  EXPECT_DOUBLE_EQ(*parse_rate("25"), 25.0);
  EXPECT_NEAR(*parse_rate("30000/1001"), 29.97, 0.001);
  EXPECT_FALSE(parse_rate("1/0").has_value());
  EXPECT_FALSE(parse_rate("fast").has_value());
}

TEST(ParseColour, ReadsHexAndNames) {
  EXPECT_EQ(*parse_colour("#ff8000"), (Colour{255, 128, 0, 255}));
  EXPECT_EQ(*parse_colour("#ff800040"), (Colour{255, 128, 0, 64}));
  EXPECT_EQ(*parse_colour("white"), (Colour{255, 255, 255, 255}));
  EXPECT_FALSE(parse_colour("#ff80").has_value());
  EXPECT_FALSE(parse_colour("reddish").has_value());
}

TEST(Scalars, ThatMeanDifferentThingsToDifferentReadersAreKnown) {
  EXPECT_TRUE(looks_octal("012"));
  EXPECT_TRUE(looks_octal("0o14"));
  EXPECT_FALSE(looks_octal("0"));
  EXPECT_FALSE(looks_octal("0.5"));
  EXPECT_TRUE(looks_like_yes_or_no("Yes"));
  EXPECT_TRUE(looks_like_yes_or_no("off"));
  EXPECT_FALSE(looks_like_yes_or_no("true"));
}

TEST(DurationText, UsesTheLargestWholeUnit) {
  EXPECT_EQ(to_text(milliseconds(15)), "15ms");
  EXPECT_EQ(to_text(milliseconds(60000)), "1min");
  EXPECT_EQ(to_text(milliseconds(1500)), "1500ms");
  EXPECT_EQ(to_text(nanoseconds(0)), "0s");
}

}  // namespace
}  // namespace penstock
