#include "engine/nodes/json_text.h"

#include <limits>

#include <gtest/gtest.h>

namespace penstock {
namespace {

std::string text(std::string_view raw) {
  std::string out;
  append_json_text(raw, out);
  return out;
}

std::string number(double value, int decimals) {
  std::string out;
  append_json_number(value, decimals, out);
  return out;
}

std::string time(std::int64_t wall_ns) {
  std::string out;
  append_json_time(wall_ns, out);
  return out;
}

TEST(JsonText, QuotesText) {
  EXPECT_EQ(text("person"), R"("person")");
  EXPECT_EQ(text(""), R"("")");
}

TEST(JsonText, EscapesWhatJsonReserves) {
  EXPECT_EQ(text("a\"b\\c"), R"("a\"b\\c")");
  EXPECT_EQ(text("tab\tline\n"), R"("tab\u0009line\u000a")");
  EXPECT_EQ(text(std::string_view("\0", 1)), R"("\u0000")");
}

TEST(JsonText, KeepsCharactersOfUtf8) {
  EXPECT_EQ(text("Gr\xC3\xB6\xC3\x9F"
                 "e \xE2\x82\xAC \xF0\x9F\x90\x95"),
            "\"Gr\xC3\xB6\xC3\x9F"
            "e \xE2\x82\xAC \xF0\x9F\x90\x95\"");
}

TEST(JsonText, ReplacesEachByteThatIsNotUtf8) {
  EXPECT_EQ(text("\xFFz"), R"("\ufffdz")");
  EXPECT_EQ(text("\xC3"), R"("\ufffd")");                                // Cut off.
  EXPECT_EQ(text("\xC0\x80"), R"("\ufffd\ufffd")");                      // Overlong.
  EXPECT_EQ(text("\xED\xA0\x80"), R"("\ufffd\ufffd\ufffd")");            // A surrogate.
  EXPECT_EQ(text("\xF4\x90\x80\x80"), R"("\ufffd\ufffd\ufffd\ufffd")");  // Beyond the last one.
}

TEST(JsonText, WritesNumbersWithFixedDecimals) {
  EXPECT_EQ(number(12.25, 1), "12.2");
  EXPECT_EQ(number(0.8765, 3), "0.876");
  EXPECT_EQ(number(-3, 1), "-3.0");
  EXPECT_EQ(number(2.6, 0), "3");
}

TEST(JsonText, WritesNoMinusZero) {
  EXPECT_EQ(number(-0.01, 1), "0.0");
  EXPECT_EQ(number(-0.0, 0), "0");
}

TEST(JsonText, WritesNullForWhatIsNoNumber) {
  EXPECT_EQ(number(std::numeric_limits<double>::quiet_NaN(), 1), "null");
  EXPECT_EQ(number(std::numeric_limits<double>::infinity(), 1), "null");
}

TEST(JsonText, HasRoomForTheLargestNumber) {
  EXPECT_EQ(number(std::numeric_limits<double>::max(), 9).size(), 309U + 1 + 9);
}

TEST(JsonText, WritesTimesWithMilliseconds) {
  EXPECT_EQ(time(1'795'319'106'250'999'999), R"("2026-11-22T03:45:06.250Z")");
  EXPECT_EQ(time(0), R"("1970-01-01T00:00:00.000Z")");
  EXPECT_EQ(time(-1), R"("1969-12-31T23:59:59.999Z")");
}

}  // namespace
}  // namespace penstock
