#include "engine/nodes/sample_node.h"

#include <string>

#include <gtest/gtest.h>

#include "engine/nodes/testing/node_bench.h"
#include "engine/nodes/testing/type_options.h"

namespace penstock {
namespace {

using std::chrono::milliseconds;
using testing::NodeBench;
using testing::options_of;

class SampleNodeTest : public ::testing::Test {
 protected:
  void start(const std::string& yaml) {
    const OptionValues options = options_of(sample_type(), yaml);
    NodeArgs args;
    args.options = &options;
    auto made = SampleNode::make(args);
    ASSERT_TRUE(made.has_value());
    node_ = std::move(made).value();
  }

  /// Shows a frame; returns "x" if it passed, "." if it was dropped.
  std::string show(Duration pts = Duration(0)) {
    Frame frame = bench_.frame(0, pts);
    EXPECT_TRUE(node_->process(frame, bench_.emit).has_value());
    const bool passed = static_cast<bool>(frame);
    frame.end(Outcome::kDelivered);
    return passed ? "x" : ".";
  }

  /// Shows frames that are `period` apart.
  std::string show_each(Duration period, int count, Duration first = Duration(0)) {
    std::string text;
    for (int i = 0; i < count; ++i) {
      text += show(first + i * period);
    }
    return text;
  }

  NodeBench bench_;
  std::unique_ptr<Node> node_;
};

TEST_F(SampleNodeTest, PassesTheFirstOfSoMany) {
  start("{every: 3}");
  EXPECT_EQ(show_each(milliseconds(40), 7), "x..x..x");
  EXPECT_EQ(bench_.emit.dropped.at(0), Reason::kSampled);
}

TEST_F(SampleNodeTest, PassesEachFrameOfOne) {
  start("{every: 1}");
  EXPECT_EQ(show_each(milliseconds(40), 3), "xxx");
}

TEST_F(SampleNodeTest, PassesAtMostSoManyASecond) {
  start("{max_fps: 10}");
  EXPECT_EQ(show_each(milliseconds(40), 11), "x..x.x..x.x");  // 25 a second: 0, 120, 200, 320, 400.
}

TEST_F(SampleNodeTest, PassesAllThatAreSlowEnough) {
  start("{max_fps: 10}");
  EXPECT_EQ(show_each(milliseconds(100), 4), "xxxx");
}

TEST_F(SampleNodeTest, DoesNotCatchUpAfterAGap) {
  start("{max_fps: 10}");
  EXPECT_EQ(show(), "x");
  EXPECT_EQ(show_each(milliseconds(40), 4, milliseconds(5010)), "x..x");
}

TEST_F(SampleNodeTest, BeginsAnewWhenTimeGoesBack) {
  start("{max_fps: 1}");
  EXPECT_EQ(show_each(milliseconds(500), 3, milliseconds(60000)), "x.x");
  EXPECT_EQ(show_each(milliseconds(500), 3), "x.x");
}

}  // namespace
}  // namespace penstock
