#include "tools/status/text_table.h"

#include <gtest/gtest.h>

namespace penstock {
namespace {

TextTable streams() {
  return {
      {{"NAME"}, {">FPS"}, {">DROPPED", 1}, {">MS"}, {"WHY"}},
      {{"cam", "25.0", "3", "12.0/30.5", "latest_wins 3"}, {"yard", "1.0", "0", "9.0/9.1", ""}}};
}

TEST(TextTable, AlignsItsColumns) {
  EXPECT_EQ(streams().text(2),
            "\nNAME   FPS  DROPPED         MS  WHY\n"
            "cam   25.0        3  12.0/30.5  latest_wins 3\n"
            "yard   1.0        0    9.0/9.1\n");
}

TEST(TextTable, LeavesOutTheLeastImportantColumnsOnANarrowScreen) {
  TextTable narrow = streams();
  narrow.fit(31);  // What is cut of the last column, words, is seen to be.
  EXPECT_EQ(narrow.text(1),
            "\nNAME   FPS         MS  WHY\n"
            "cam   25.0  12.0/30.5  latest_wins 3\n"
            "... and 1 more\n");
  narrow.fit(3);
  EXPECT_EQ(narrow.columns.size(), 4U) << "what has no rank stays";
  TextTable wide = streams();
  wide.fit(33);
  EXPECT_EQ(wide.columns.size(), 5U);
}

TEST(TextTable, SaysHowManyRowsAreLeftOut) {
  TextTable numbers{{{">N"}}, {}};
  for (int i = 0; i < 9; ++i) {
    numbers.rows.push_back({std::to_string(i)});
  }
  EXPECT_EQ(stacked({numbers}, 6), "\nN\n0\n1\n2\n... and 6 more\n");
  EXPECT_EQ(stacked({numbers}, 11), numbers.text(9)) << "all fit";
  numbers.shows_last = true;
  EXPECT_EQ(stacked({numbers}, 5), "\nN\n7\n8\n... and 7 more\n");
}

TEST(TextTable, TakesRowsFromTheLongest) {
  TextTable few{{{"A"}}, {{"a"}, {"b"}}};
  TextTable many{{{"N"}}, {{"0"}, {"1"}, {"2"}, {"3"}, {"4"}}};
  EXPECT_EQ(stacked({few, many}, 10), few.text(2) + many.text(3));
  EXPECT_EQ(stacked({few, many}, 1), few.text(2) + many.text(2)) << "two of each stay";
}

}  // namespace
}  // namespace penstock
