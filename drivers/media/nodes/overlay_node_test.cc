#include "drivers/media/nodes/overlay_node.h"

#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "drivers/media/av/media_test_support.h"
#include "engine/nodes/testing/node_bench.h"

namespace penstock {
namespace {

using testing::flat_picture;
using testing::NodeBench;

constexpr int kWidth = 320;
constexpr int kHeight = 240;
constexpr std::uint8_t kLuma = 60;

OverlayNode::Options only_boxes() {
  OverlayNode::Options options;
  options.style.draw_labels = false;
  return options;
}

Object object_at(const Box& box, std::int64_t track = 0) {
  Object object;
  object.box = box;
  object.score = 0.87F;
  object.track = track;
  return object;
}

/// Returns how many luma values of `area` differ from the flat picture's.
int drawn_in(const Image& image, int x0, int y0, int x1, int y1) {
  int drawn = 0;
  for (int y = y0; y < y1; ++y) {
    const std::uint8_t* row =
        image.plane(0) + static_cast<std::size_t>(y) * image.planes[0].stride_bytes;
    for (int x = x0; x < x1; ++x) {
      drawn += row[x] != kLuma ? 1 : 0;
    }
  }
  return drawn;
}

int drawn_in(const Image& image) {
  return drawn_in(image, 0, 0, image.width, image.height);
}

class OverlayNodeTest : public ::testing::Test {
 protected:
  /// Returns a frame with a flat picture and `objects` after it went through `node`.
  Frame shown(Node& node,
              std::uint64_t seq,
              const std::vector<Object>& objects,
              const LabelTable* labels = nullptr) {
    Frame frame = bench_.frame(seq);
    frame.set_image(flat_picture(kWidth, kHeight, kLuma));
    frame.set_objects(objects, labels);
    const Status status = node.process(frame, bench_.emit);
    EXPECT_TRUE(status.has_value()) << status.error().message;
    return frame;
  }

  /// Returns how many pixels are drawn for one object.
  int drawn_for(const OverlayNode::Options& options,
                const Object& object,
                const LabelTable* labels = nullptr) {
    OverlayNode node(options);
    EXPECT_TRUE(bench_.open(node).has_value());
    Frame frame = shown(node, 0, {object}, labels);
    const int drawn = drawn_in(frame.image());
    frame.end(Outcome::kDelivered);
    return drawn;
  }

  NodeBench bench_{2};
};

TEST_F(OverlayNodeTest, LeavesThePictureThatOthersSeeAsItIs) {
  OverlayNode node(only_boxes());
  ASSERT_TRUE(bench_.open(node).has_value());
  Frame frame = bench_.frame(0);
  frame.set_image(flat_picture(kWidth, kHeight, kLuma));
  const std::vector<Object> objects = {object_at({40, 40, 100, 80})};
  frame.set_objects(objects, nullptr);
  Frame branch = frame.share();
  ASSERT_TRUE(node.process(frame, bench_.emit).has_value());
  EXPECT_EQ(drawn_in(branch.image()), 0);
  EXPECT_GT(drawn_in(frame.image()), 0);
  branch.end(Outcome::kDelivered);
  frame.end(Outcome::kDelivered);
}

TEST_F(OverlayNodeTest, DrawsABoxWhereTheObjectIs) {
  OverlayNode node(only_boxes());
  ASSERT_TRUE(bench_.open(node).has_value());
  Frame frame = shown(node, 0, {object_at({40, 60, 100, 80})});
  const Image& image = frame.image();
  constexpr int kLine = 4;
  EXPECT_GT(drawn_in(image, 60, 60 - kLine, 120, 60 + kLine), 50) << "upper edge";
  EXPECT_GT(drawn_in(image, 140 - kLine, 70, 140 + kLine, 130), 50) << "right edge";
  EXPECT_EQ(drawn_in(image, 40 + kLine, 60 + kLine, 140 - kLine, 140 - kLine), 0) << "inside";
  EXPECT_EQ(drawn_in(image, 140 + kLine, 0, kWidth, kHeight), 0) << "outside";
  frame.end(Outcome::kDelivered);
}

TEST_F(OverlayNodeTest, FindsTheObjectsOnAPictureThatWasMadeSmaller) {
  OverlayNode node(only_boxes());
  ASSERT_TRUE(bench_.open(node).has_value());
  Frame frame = bench_.frame(0);
  Image half = flat_picture(kWidth, kHeight, kLuma);
  half.to_source = Affine::scale_and_shift(2, 2, 0, 0);
  frame.set_image(std::move(half));
  const std::vector<Object> objects = {object_at({200, 200, 200, 200})};  // Of the source.
  frame.set_objects(objects, nullptr);
  ASSERT_TRUE(node.process(frame, bench_.emit).has_value());
  EXPECT_GT(drawn_in(frame.image(), 110, 96, 190, 104), 70) << "upper edge at y = 100";
  EXPECT_EQ(drawn_in(frame.image(), 205, 0, kWidth, kHeight), 0);
  frame.end(Outcome::kDelivered);
}

TEST_F(OverlayNodeTest, WritesLabelScoreAndTrackNumberAsTold) {
  LabelTable labels;
  labels.names = {"person"};
  const Object object = object_at({80, 100, 60, 60}, 12);
  OverlayNode::Options bare;
  bare.show_score = false;
  bare.show_track = false;
  OverlayNode::Options with_track = bare;
  with_track.show_track = true;
  OverlayNode::Options with_both = with_track;
  with_both.show_score = true;
  const int label_only = drawn_for(bare, object, &labels);
  const int track_too = drawn_for(with_track, object, &labels);
  const int all = drawn_for(with_both, object, &labels);
  EXPECT_GT(label_only, drawn_for(only_boxes(), object, &labels));
  EXPECT_GT(track_too, label_only);
  EXPECT_GT(all, track_too);
  // What has no track yet has no number.
  EXPECT_EQ(drawn_for(with_track, object_at(object.box), &labels),
            drawn_for(bare, object_at(object.box), &labels));
}

TEST_F(OverlayNodeTest, DrawsTheWayOfATrackUntilTheStreamEnds) {
  OverlayNode::Options options = only_boxes();
  options.style.draw_boxes = false;
  options.style.draw_trails = true;
  options.trail = 10;
  OverlayNode node(options);
  ASSERT_TRUE(bench_.open(node).has_value());
  int drawn = 0;
  for (std::uint64_t i = 0; i < 5; ++i) {
    Frame frame = shown(node, i, {object_at({20 + 40 * static_cast<float>(i), 80, 30, 60}, 7)});
    EXPECT_GE(drawn_in(frame.image()), drawn) << i;
    drawn = drawn_in(frame.image());
    frame.end(Outcome::kDelivered);
  }
  EXPECT_GT(drawn, 0);
  ASSERT_TRUE(node.flush(StreamId{0}, bench_.emit).has_value());
  Frame frame = shown(node, 5, {object_at({220, 80, 30, 60}, 7)});
  EXPECT_LT(drawn_in(frame.image()), drawn / 2);
  frame.end(Outcome::kDelivered);
}

TEST_F(OverlayNodeTest, FailsOneFrameWhenItsPicturesAreAllHeldAndGoesOn) {
  OverlayNode node(only_boxes());
  ASSERT_TRUE(bench_.open(node).has_value());
  Frame first = shown(node, 0, {});
  Frame second = shown(node, 1, {});
  Frame third = bench_.frame(2);
  third.set_image(flat_picture(kWidth, kHeight, kLuma));
  third.set_objects({}, nullptr);
  const Status status = node.process(third, bench_.emit);
  ASSERT_FALSE(status.has_value());
  EXPECT_EQ(status.error().code, Errc::kInvalidArgument) << "ends the frame, not the node";
  EXPECT_NE(status.error().message.find("pool 'node': all 2 pictures are held"), std::string::npos)
      << status.error().message;
  third.end(Outcome::kFailed);
  first.end(Outcome::kDelivered);
  Frame fourth = shown(node, 3, {});
  fourth.end(Outcome::kDelivered);
  second.end(Outcome::kDelivered);
}

}  // namespace
}  // namespace penstock
