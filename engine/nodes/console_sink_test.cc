#include "engine/nodes/console_sink.h"

#include <csignal>
#include <cstdio>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>

#include "engine/nodes/testing/node_bench.h"

namespace penstock {
namespace {

using testing::NodeBench;

const LabelTable kLabels{{"background", "person"}};

TEST(FrameText, NamesTheFrameAndItsObjects) {
  NodeBench bench;
  Frame frame = bench.frame(12, std::chrono::milliseconds(480));
  frame.set_objects(
      std::vector<Object>{{{10.4F, 20, 30, 40}, 0.876F, 1, 3, {}}, {{0, 0, 5, 6}, 0.5F, 7, 0, {}}},
      &kLabels);
  EXPECT_EQ(frame_text(frame),
            "gate #12 0.480 s: 2 objects: person 0.88 track 3 at 10,20 30x40; 7 0.50 at 0,0 5x6");
  frame.end(Outcome::kDelivered);
}

TEST(FrameText, SaysThatNothingWasFound) {
  NodeBench bench;
  Frame frame = bench.frame(0);
  EXPECT_EQ(frame_text(frame), "gate #0 0.000 s");
  frame.set_objects({}, nullptr);
  EXPECT_EQ(frame_text(frame), "gate #0 0.000 s: no objects");
  frame.end(Outcome::kDelivered);
}

TEST(FrameText, SaysThatASimulatedDeviceHadAPartInIt) {
  NodeBench bench;
  Frame frame = bench.frame(0);
  frame.set_objects({}, nullptr);
  EXPECT_EQ(frame_text(frame, true), "gate #0 0.000 s (simulated): no objects");
  frame.end(Outcome::kDelivered);
}

TEST(ConsoleSink, PrintsWhatIsSimulatedAsSimulated) {
  NodeBench bench;
  std::string said;
  const auto print = [&](std::string_view line) -> Status {
    said = line;
    return {};
  };
  ConsoleSink sink(1, print, true);
  Frame frame = bench.frame(0);
  EXPECT_TRUE(sink.process(frame, bench.emit).has_value());
  frame.end(Outcome::kDelivered);
  EXPECT_EQ(said, "gate #0 0.000 s (simulated)");
}

TEST(FrameText, NamesTheClassesOfThePicture) {
  NodeBench bench;
  Frame frame = bench.frame(0);
  frame.set_labels(std::vector<Label>{{1, 0.75F}, {0, 0.25F}}, &kLabels);
  EXPECT_EQ(frame_text(frame), "gate #0 0.000 s: person 0.75, background 0.25");
  frame.end(Outcome::kDelivered);
}

TEST(ConsoleSink, PrintsOneLineForSoManyFramesOfAStream) {
  NodeBench bench;
  std::vector<std::string> lines;
  ConsoleSink sink(2, [&](std::string_view line) -> Status {
    lines.emplace_back(line);
    return {};
  });
  for (std::uint64_t seq = 0; seq < 3; ++seq) {
    for (const std::uint32_t stream : {0U, 1U}) {
      Frame frame = bench.frame(seq, Duration(0), stream);
      EXPECT_TRUE(sink.process(frame, bench.emit).has_value());
      frame.end(Outcome::kDelivered);
    }
  }
  EXPECT_EQ(lines,
            (std::vector<std::string>{
                "gate #0 0.000 s", "dock #0 0.000 s", "gate #2 0.000 s", "dock #2 0.000 s"}));
}

/// Returns what hinders a sink that prints to `out` from showing one frame.
Error failure_at(std::FILE* out, bool& is_beyond_repair) {
  NodeBench bench;
  ConsoleSink sink(1, [&](std::string_view line) { return print_line(line, out); });
  Frame frame = bench.frame(0);
  const Status status = sink.process(frame, bench.emit);
  frame.end(Outcome::kFailed);
  is_beyond_repair = sink.is_beyond_repair();
  return status.has_value() ? Error{Errc::kOk, ""} : status.error();
}

TEST(ConsoleSink, IsBeyondRepairOnceItsReaderHasGone) {
  std::signal(SIGPIPE, SIG_IGN);  // As the program has it.
  int ends[2] = {};
  ASSERT_EQ(::pipe(ends), 0);
  ::close(ends[0]);
  std::FILE* const out = ::fdopen(ends[1], "w");
  bool is_beyond_repair = false;
  EXPECT_EQ(failure_at(out, is_beyond_repair),
            (Error{Errc::kUnsupported, "cannot write to stdout: Broken pipe"}));
  EXPECT_TRUE(is_beyond_repair);
  std::fclose(out);
}

TEST(ConsoleSink, IsUnavailableWhereTheDiskIsFull) {
  std::FILE* const out = std::fopen("/dev/full", "w");
  ASSERT_NE(out, nullptr);
  bool is_beyond_repair = false;
  EXPECT_EQ(failure_at(out, is_beyond_repair),
            (Error{Errc::kUnavailable, "cannot write to stdout: No space left on device"}));
  EXPECT_FALSE(is_beyond_repair);
  std::fclose(out);
}

}  // namespace
}  // namespace penstock
