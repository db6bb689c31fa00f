#include "engine/nodes/jsonl_sink.h"

#include <fstream>
#include <vector>

#include <gtest/gtest.h>

#include "engine/nodes/testing/node_bench.h"
#include "engine/nodes/testing/type_options.h"

namespace penstock {
namespace {

using testing::NodeBench;
using testing::options_of;

constexpr std::int64_t kMidnightNs = 1'795'305'600'000'000'000;  // 2026-11-22 00:00 UTC.

std::vector<std::string> lines_of(const std::string& path) {
  std::ifstream file(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) {
    lines.push_back(line);
  }
  return lines;
}

class JsonlSinkTest : public ::testing::Test {
 protected:
  std::unique_ptr<JsonlSink> sink(const std::string& pattern, bool appends = false) {
    // The bench's clock starts at 1000 s.
    const WallTime wall(TimePoint(std::chrono::seconds(1000)), kMidnightNs);
    auto node =
        std::make_unique<JsonlSink>(JsonlSink::Options{folder_ + "/" + pattern, appends}, wall);
    EXPECT_TRUE(bench_.open(*node).has_value());
    return node;
  }

  void show(Node& node, std::uint64_t seq, std::uint32_t stream = 0, std::int64_t wall_ns = 0) {
    Frame frame = bench_.frame_at(seq, FrameTime{Duration(0), wall_ns}, stream);
    frame.set_objects({}, nullptr);
    EXPECT_TRUE(node.process(frame, bench_.emit).has_value());
    frame.end(Outcome::kDelivered);
  }

  NodeBench bench_;
  const std::string folder_ =
      ::testing::TempDir() + ::testing::UnitTest::GetInstance()->current_test_info()->name();
};

TEST_F(JsonlSinkTest, WritesALineAFrame) {
  const auto node = sink("out.jsonl");
  show(*node, 0);
  show(*node, 1);
  EXPECT_TRUE(node->close().has_value());
  const auto lines = lines_of(folder_ + "/out.jsonl");
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[1],
            R"({"graph":"g","stream":"gate","seq":1,"time":"2026-11-22T00:00:00.000Z",)"
            R"("pts_ns":0,"objects":[]})");
}

TEST_F(JsonlSinkTest, TakesTheTimeOfReadingWhereTheSourceSaysNone) {
  const auto node = sink("out.jsonl");
  bench_.clock.advance(std::chrono::milliseconds(1500));
  show(*node, 0);
  show(*node, 1, 0, kMidnightNs - 1'000'000);
  EXPECT_TRUE(node->close().has_value());
  const auto lines = lines_of(folder_ + "/out.jsonl");
  EXPECT_NE(lines[0].find("2026-11-22T00:00:01.500Z"), std::string::npos);
  EXPECT_NE(lines[1].find("2026-11-21T23:59:59.999Z"), std::string::npos);
}

TEST_F(JsonlSinkTest, WritesStreamsToOneFileOrToTheirOwn) {
  const auto one = sink("$(graph).jsonl");
  const auto own = sink("$(stream).jsonl");
  for (const auto* node : {&one, &own}) {
    show(**node, 0, 0);
    show(**node, 0, 1);
    show(**node, 1, 0);
    EXPECT_TRUE((*node)->close().has_value());
  }
  EXPECT_EQ(lines_of(folder_ + "/g.jsonl").size(), 3U);
  EXPECT_EQ(lines_of(folder_ + "/gate.jsonl").size(), 2U);
  EXPECT_EQ(lines_of(folder_ + "/dock.jsonl").size(), 1U);
}

TEST_F(JsonlSinkTest, BeginsANewFileWithTheDayAndGoesOnWithTheOldOne) {
  const auto node = sink("%d.jsonl");
  constexpr std::int64_t kSecondNs = 1'000'000'000;
  show(*node, 0, 0, kMidnightNs - kSecondNs);
  show(*node, 1, 0, kMidnightNs);
  show(*node, 2, 0, kMidnightNs - kSecondNs);  // The camera's clock was set back.
  EXPECT_TRUE(node->close().has_value());
  EXPECT_EQ(lines_of(folder_ + "/21.jsonl").size(), 2U);
  EXPECT_EQ(lines_of(folder_ + "/22.jsonl").size(), 1U);
}

TEST_F(JsonlSinkTest, HasWrittenEverythingWhenAStreamEnds) {
  const auto node = sink("$(stream).jsonl");
  show(*node, 0, 0);
  show(*node, 1, 0);
  show(*node, 0, 1);
  EXPECT_TRUE(node->flush(StreamId{0}, bench_.emit).has_value());
  EXPECT_EQ(lines_of(folder_ + "/gate.jsonl").size(), 2U);
  show(*node, 1, 1);  // The other stream goes on.
  EXPECT_TRUE(node->close().has_value());
  EXPECT_EQ(lines_of(folder_ + "/dock.jsonl").size(), 2U);
}

TEST_F(JsonlSinkTest, KeepsASharedFileOpenWhileAStreamWritesToIt) {
  const auto node = sink("out.jsonl");
  show(*node, 0, 0);
  show(*node, 0, 1);
  EXPECT_TRUE(node->flush(StreamId{0}, bench_.emit).has_value());
  show(*node, 1, 1);
  EXPECT_TRUE(node->close().has_value());
  EXPECT_EQ(lines_of(folder_ + "/out.jsonl").size(), 3U);
}

TEST_F(JsonlSinkTest, ReplacesAnOldFileUnlessToldToAppend) {
  for (const bool appends : {false, false, true}) {
    const auto node = sink("out.jsonl", appends);
    show(*node, 0);
    EXPECT_TRUE(node->close().has_value());
  }
  EXPECT_EQ(lines_of(folder_ + "/out.jsonl").size(), 2U);
}

TEST_F(JsonlSinkTest, GoesOnWithItsFileAfterARestart) {
  const OptionValues options = options_of(jsonl_sink_type(), "{path: " + folder_ + "/out.jsonl}");
  NodeArgs args;
  args.options = &options;
  for (args.attempt = 0; args.attempt < 3; ++args.attempt) {
    auto node = JsonlSink::make(args);
    ASSERT_TRUE(node.has_value());
    ASSERT_TRUE(bench_.open(**node).has_value());
    show(**node, args.attempt);
  }
  EXPECT_EQ(lines_of(folder_ + "/out.jsonl").size(), 3U);
}

TEST_F(JsonlSinkTest, IsUnavailableWhereItCannotWrite) {
  auto node = std::make_unique<JsonlSink>(JsonlSink::Options{"/dev/full/x", false});
  ASSERT_TRUE(bench_.open(*node).has_value());
  Frame frame = bench_.frame(0);
  const Status status = node->process(frame, bench_.emit);
  frame.end(Outcome::kFailed);
  ASSERT_FALSE(status.has_value());
  EXPECT_EQ(status.error().code, Errc::kUnavailable);
  EXPECT_FALSE(node->is_beyond_repair());
}

TEST_F(JsonlSinkTest, IsBeyondRepairWhereItsPathIsAFolder) {
  auto node = std::make_unique<JsonlSink>(JsonlSink::Options{::testing::TempDir(), false});
  ASSERT_TRUE(bench_.open(*node).has_value());
  Frame frame = bench_.frame(0);
  const Status status = node->process(frame, bench_.emit);
  frame.end(Outcome::kFailed);
  ASSERT_FALSE(status.has_value());
  EXPECT_EQ(status.error().code, Errc::kInvalidArgument);
  EXPECT_NE(status.error().message.find("it is a folder"), std::string::npos);
  EXPECT_TRUE(node->is_beyond_repair());
}

}  // namespace
}  // namespace penstock
