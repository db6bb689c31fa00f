#include "engine/nodes/picture_node.h"

#include <gtest/gtest.h>

#include "engine/nodes/testing/node_bench.h"
#include "engine/nodes/testing/pictures.h"
#include "engine/nodes/testing/type_options.h"

namespace penstock {
namespace {

using testing::i420_picture;
using testing::NodeBench;
using testing::options_of;
using testing::rgb_picture;

using Maker = Result<std::unique_ptr<Node>> (*)(const NodeArgs& args);

Result<std::unique_ptr<Node>> make(const ActorType& type, Maker maker, const std::string& yaml) {
  const OptionValues options = options_of(type, yaml);
  NodeArgs args;
  args.name = "small";
  args.options = &options;
  return maker(args);
}

/// Returns what a node of `type` makes of `image`.
Image shown(const ActorType& type, Maker maker, const std::string& yaml, Image image) {
  NodeBench bench;
  auto node = make(type, maker, yaml);
  EXPECT_TRUE(node.has_value()) << node.error().message;
  EXPECT_TRUE(bench.open(**node).has_value());
  Frame frame = bench.frame(0);
  frame.set_image(std::move(image));
  EXPECT_TRUE((*node)->process(frame, bench.emit).has_value());
  Image made = frame.image();
  frame.end(Outcome::kDelivered);
  return made;
}

int channel_at(const Image& image, int x, int y, int channel) {
  const auto row = static_cast<std::size_t>(y) * image.planes[0].stride_bytes;
  return image.plane(0)[row + static_cast<std::size_t>(3 * x + channel)];
}

TEST(Letterbox, PadsAndMapsBackToTheSource) {
  const Image made = shown(letterbox_type(),
                           PictureNode::make_letterbox,
                           "{size: [8, 8], pad: 7}",
                           rgb_picture(16, 8, {200, 100, 50}));
  EXPECT_EQ(made.format, PixelFormat::kRgb);
  EXPECT_EQ(made.width, 8);
  EXPECT_EQ(made.height, 8);
  EXPECT_EQ(channel_at(made, 0, 0, 0), 7);
  EXPECT_EQ(channel_at(made, 7, 4, 0), 200);
  EXPECT_EQ(made.to_source.apply(Point{8, 6}), (Point{16, 8}));
}

TEST(Resize, Stretches) {
  const Image made = shown(resize_type(),
                           PictureNode::make_resize,
                           "{size: [8, 8], color: bgr}",
                           rgb_picture(16, 4, {200, 100, 50}));
  EXPECT_EQ(made.format, PixelFormat::kBgr);
  EXPECT_EQ(channel_at(made, 0, 0, 0), 50);
  EXPECT_EQ(channel_at(made, 7, 7, 2), 200);
  EXPECT_EQ(made.to_source.apply(Point{8, 8}), (Point{16, 4}));
}

TEST(Convert, KeepsTheSize) {
  const Image made =
      shown(convert_type(), PictureNode::make_convert, "{}", i420_picture(6, 4, {235, 128, 128}));
  EXPECT_EQ(made.format, PixelFormat::kRgb);
  EXPECT_EQ(made.width, 6);
  EXPECT_EQ(made.height, 4);
  EXPECT_EQ(channel_at(made, 5, 3, 1), 255);
  EXPECT_EQ(made.to_source, Affine());
}

}  // namespace
}  // namespace penstock
