#include "engine/nodes/console_sink.h"

#include <vector>

#include <gtest/gtest.h>

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
  ConsoleSink sink(2, [&](std::string_view line) { lines.emplace_back(line); });
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

}  // namespace
}  // namespace penstock
