#include "engine/base/log.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace penstock {
namespace {

/// Takes the lines of the log for as long as a test runs.
class Log : public testing::Test {
 protected:
  void take(LogLevel level, bool json) {
    configure_log(
        {level, json, false, [this](std::string_view line) { lines_.emplace_back(line); }});
  }

  void TearDown() override { configure_log({}); }

  std::vector<std::string> lines_;
};

TEST_F(Log, SaysLevelAndPlace) {
  take(LogLevel::kInfo, false);
  log_warning("cam[gate]", "no picture for 5 s");
  ASSERT_EQ(lines_.size(), 1U);
  const std::string end = "warning cam[gate]: no picture for 5 s\n";
  ASSERT_GT(lines_[0].size(), end.size());
  EXPECT_EQ(lines_[0].substr(lines_[0].size() - end.size()), end);
}

TEST_F(Log, WritesOneJsonObjectALine) {
  take(LogLevel::kInfo, true);
  log_error("cpu:0", "a \"quoted\" word");
  ASSERT_EQ(lines_.size(), 1U);
  const auto line = nlohmann::json::parse(lines_[0]);
  EXPECT_EQ(line.at("level"), "error");
  EXPECT_EQ(line.at("place"), "cpu:0");
  EXPECT_EQ(line.at("message"), "a \"quoted\" word");
  const auto time = line.at("time").get<std::string>();
  EXPECT_EQ(time.size(), std::string("2026-01-31T12:00:00.123Z").size()) << time;
  EXPECT_EQ(time.back(), 'Z');
}

TEST_F(Log, LeavesOutWhatIsBelowItsLevel) {
  take(LogLevel::kWarning, false);
  log_debug("a", "x");
  log_info("a", "x");
  EXPECT_TRUE(lines_.empty());
  log_warning("a", "x");
  EXPECT_EQ(lines_.size(), 1U);
  take(LogLevel::kOff, false);
  log_error("a", "x");
  EXPECT_EQ(lines_.size(), 1U);
}

TEST_F(Log, MasksSecretsInPlaceAndMessage) {
  take(LogLevel::kInfo, false);
  mask_in_log({"hunter2", ""});
  log_info("cam hunter2", "rtsp://a:hunter2@h hunter2");
  ASSERT_EQ(lines_.size(), 1U);
  EXPECT_EQ(lines_[0].find("hunter2"), std::string::npos);
  EXPECT_NE(lines_[0].find("cam ***: rtsp://a:***@h ***"), std::string::npos) << lines_[0];
}

TEST_F(Log, ShowsControlCharactersAsQuestionMarks) {
  take(LogLevel::kInfo, false);
  log_info("cam", "two\nlines\x1b[2J");
  ASSERT_EQ(lines_.size(), 1U);
  EXPECT_NE(lines_[0].find("two?lines?[2J\n"), std::string::npos) << lines_[0];
}

TEST_F(Log, ReplacesBrokenUtf8InJson) {
  take(LogLevel::kInfo, true);
  log_info("cam", "\xff\xfe");
  ASSERT_EQ(lines_.size(), 1U);
  EXPECT_FALSE(nlohmann::json::parse(lines_[0], nullptr, false).is_discarded());
}

TEST(LogLevel, ReadsItsWords) {
  EXPECT_EQ(log_level_from("warning"), LogLevel::kWarning);
  EXPECT_EQ(log_level_from("off"), LogLevel::kOff);
  EXPECT_FALSE(log_level_from("verbose").has_value());
}

}  // namespace
}  // namespace penstock
