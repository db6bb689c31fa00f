#include "tools/cli/program.h"

#include <iostream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "engine/base/log.h"
#include "tools/cli/captured_output.h"

namespace penstock {
namespace {

using testing::CapturedOutput;

int echo(std::span<const std::string> args) {
  for (const std::string& word : args) {
    std::cout << word << ".";
  }
  return 7;
}

const std::vector<Command>& commands() {
  static const std::vector<Command> kCommands = {
      {"echo", "say the words", "usage: penstock echo\n", echo},
      {"check", "another", "usage: penstock check\n", echo}};
  return kCommands;
}

int run(const std::vector<std::string>& words) {
  return run_program(commands(), words);
}

TEST(Program, RunsAWordWithWhatIsBehindIt) {
  const CapturedOutput output;
  EXPECT_EQ(run({"echo", "a", "--b"}), 7);
  EXPECT_EQ(output.out(), "a.--b.");
}

TEST(Program, NamesTheNearestWord) {
  const CapturedOutput output;
  EXPECT_EQ(run({"chekc"}), kExitUsage);
  EXPECT_EQ(output.err(),
            "penstock: unknown word 'chekc'; did you mean 'check'?\nfor help: penstock --help\n");
  EXPECT_EQ(output.out(), "");
}

TEST(Program, ShowsTheHelpOfAWord) {
  const CapturedOutput output;
  EXPECT_EQ(run({"echo", "x", "--help"}), kExitDone);
  EXPECT_EQ(output.out().rfind("usage: penstock echo\n", 0), 0U);
}

TEST(Program, LeavesWhatFollowsTwoDashesAlone) {
  const CapturedOutput output;
  EXPECT_EQ(run({"echo", "--", "--help", "--log-json"}), 7);
  EXPECT_EQ(output.out(), "--.--help.--log-json.");
}

TEST(Program, ListsItsWords) {
  const CapturedOutput asked;
  EXPECT_EQ(run({"--help"}), kExitDone);
  EXPECT_NE(asked.out().find("  echo   say the words\n  check  another\n"), std::string::npos);
}

TEST(Program, WantsAWord) {
  const CapturedOutput output;
  EXPECT_EQ(run({}), kExitUsage);
  EXPECT_EQ(output.out(), "");
  EXPECT_NE(output.err().find("usage: penstock WORD"), std::string::npos);
}

TEST(Program, TakesTheOptionsOfTheLogFromEveryWord) {
  const CapturedOutput output;
  EXPECT_EQ(run({"echo", "--log-level", "debug", "a", "--log-json", "--log-level=error"}), 7);
  EXPECT_EQ(output.out(), "a.");
  configure_log({});
}

TEST(Program, RefusesALogLevelThatThereIsNot) {
  const CapturedOutput output;
  EXPECT_EQ(run({"echo", "--log-level", "loud"}), kExitUsage);
  EXPECT_EQ(output.out(), "");
  EXPECT_EQ(run({"echo", "--log-level"}), kExitUsage);
}

}  // namespace
}  // namespace penstock
