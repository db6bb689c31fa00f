#include "engine/nodes/tracker_node.h"

#include <vector>

#include <gtest/gtest.h>

#include "engine/nodes/testing/node_bench.h"
#include "engine/nodes/testing/type_options.h"

namespace penstock {
namespace {

using testing::NodeBench;
using testing::options_of;

Result<std::unique_ptr<Node>> make(const std::string& yaml = "{}") {
  const OptionValues options = options_of(tracker_type(), yaml);
  NodeArgs args;
  args.name = "track";
  args.options = &options;
  return TrackerNode::make(args);
}

class TrackerNodeTest : public ::testing::Test {
 protected:
  /// Shows a frame with one person; returns its track.
  std::int64_t show(Node& node, std::uint64_t seq, float x) {
    Frame frame = bench_.frame(seq, std::chrono::milliseconds(40) * static_cast<int>(seq));
    const Object person{{x, 100, 40, 100}, 0.9F, 1, 0, {}};
    frame.set_objects(std::vector<Object>{person}, &labels_);
    EXPECT_TRUE(node.process(frame, bench_.emit).has_value());
    const Objects& objects = frame.objects();
    EXPECT_EQ(objects.items.size(), 1U);
    EXPECT_EQ(objects.labels, &labels_);
    EXPECT_EQ(objects.items[0].box, person.box);
    const std::int64_t track = objects.items[0].track;
    frame.end(Outcome::kDelivered);
    return track;
  }

  NodeBench bench_;
  LabelTable labels_{{"background", "person"}};
};

TEST_F(TrackerNodeTest, GivesAnObjectItsNumberOnceItIsConfirmed) {
  const auto node = make();
  ASSERT_TRUE(node.has_value());
  EXPECT_EQ(show(**node, 0, 100), 0);
  EXPECT_EQ(show(**node, 1, 104), 1);
  EXPECT_EQ(show(**node, 2, 108), 1);
}

TEST_F(TrackerNodeTest, UsesItsOptions) {
  const auto node = make("{min_hits: 3, max_lost: 0}");
  ASSERT_TRUE(node.has_value());
  EXPECT_EQ(show(**node, 0, 100), 0);
  EXPECT_EQ(show(**node, 1, 104), 0);
  EXPECT_EQ(show(**node, 2, 108), 1);
}

TEST_F(TrackerNodeTest, LeavesThePayloadOfOtherBranchesAlone) {
  const auto node = make("{min_hits: 1}");
  ASSERT_TRUE(node.has_value());
  Frame frame = bench_.frame(0);
  frame.set_objects(std::vector<Object>{{{100, 100, 40, 100}, 0.9F, 1, 0, {}}}, &labels_);
  Frame other = frame.share();
  EXPECT_TRUE((*node)->process(frame, bench_.emit).has_value());
  EXPECT_EQ(frame.objects().items[0].track, 1);
  EXPECT_EQ(other.objects().items[0].track, 0);
  frame.end(Outcome::kDelivered);
  other.end(Outcome::kDelivered);
}

TEST_F(TrackerNodeTest, NamesTheActorWhenOptionsContradict) {
  const auto node = make("{track_high: 0.3, track_low: 0.6}");
  ASSERT_FALSE(node.has_value());
  EXPECT_EQ(node.error().code, Errc::kInvalidArgument);
  EXPECT_EQ(node.error().message.rfind("actor 'track': ", 0), 0U) << node.error().message;
}

}  // namespace
}  // namespace penstock
