#include "engine/base/printable.h"

#include <string>

#include <gtest/gtest.h>

namespace penstock {
namespace {

TEST(Printable, LeavesWhatIsSeen) {
  const std::string text =
      "C board: 50 \xC2\xB0"
      "C, \xE6\xB8\xA9\xE5\xBA\xA6 \xF0\x9F\x94\xA5";
  EXPECT_EQ(printable(text), text);
  EXPECT_EQ(printable(""), "");
}

TEST(Printable, MasksWhatATerminalObeys) {
  EXPECT_EQ(printable("C \x1b[2J\n board\t\x7f\r"), "C ?[2J? board???");
  EXPECT_EQ(printable("a\xC2\x9B"
                      "31m"),
            "a?31m")
      << "an escape of one character";
  EXPECT_EQ(printable("gnp\xE2\x80\xAE.exe"), "gnp?.exe") << "right to left";
  EXPECT_EQ(printable(std::string("a\0b", 3)), "a?b");
}

TEST(Printable, MasksBytesThatAreNoCharacter) {
  EXPECT_EQ(printable("a\xff\xfe"), "a??");
  EXPECT_EQ(printable("a\xE6\xB8"), "a??") << "cut off";
  EXPECT_EQ(printable("\x9b"
                      "31m"),
            "?31m");
  EXPECT_EQ(printable("\xE0\x82\x9B"), "???") << "longer than need be";
  EXPECT_EQ(printable("\xED\xA0\x80"), "???") << "half of a pair";
}

TEST(Printable, KeepsTheEndsOfLinesWhereThereAreSeveral) {
  EXPECT_EQ(printable_lines("one\x1b\ntwo\r\n"), "one?\ntwo?\n");
}

}  // namespace
}  // namespace penstock
