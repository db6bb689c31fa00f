#include "engine/nodes/normalize_node.h"

#include <gtest/gtest.h>

#include "engine/nodes/testing/node_bench.h"
#include "engine/nodes/testing/pictures.h"
#include "engine/nodes/testing/type_options.h"

namespace penstock {
namespace {

using testing::NodeBench;
using testing::options_of;
using testing::rgb_picture;

Result<std::unique_ptr<Node>> make(const std::string& yaml) {
  const OptionValues options = options_of(normalize_type(), yaml);
  NodeArgs args;
  args.name = "scale";
  args.options = &options;
  return NormalizeNode::make(args);
}

FeatureMap shown(const std::string& yaml, Image image) {
  NodeBench bench;
  auto node = make(yaml);
  EXPECT_TRUE(node.has_value()) << node.error().message;
  EXPECT_TRUE(bench.open(**node).has_value());
  Frame frame = bench.frame(0);
  frame.set_image(std::move(image));
  EXPECT_TRUE((*node)->process(frame, bench.emit).has_value());
  FeatureMap map = frame.tensors().front();
  frame.end(Outcome::kDelivered);
  return map;
}

TEST(NormalizeNode, MakesPlanesOfThePicturesSize) {
  Image image = rgb_picture(4, 2, {255, 51, 0});
  image.to_source = Affine::scale_and_shift(2, 2, 0, 0);
  const FeatureMap map = shown("{}", image);
  EXPECT_EQ(map.shape, (Shape{1, 3, 2, 4}));
  EXPECT_FLOAT_EQ(map.as<float>()[0], 1);
  EXPECT_FLOAT_EQ(map.as<float>()[8], 0.2F);
  EXPECT_EQ(map.to_source, image.to_source);
}

TEST(NormalizeNode, PutsChannelsSideBySideWhereToldSo) {
  const FeatureMap map =
      shown("{layout: nhwc, color: bgr, mean: [1, 2, 3], std: 2}", rgb_picture(4, 2, {9, 6, 5}));
  EXPECT_EQ(map.shape, (Shape{1, 2, 4, 3}));
  EXPECT_FLOAT_EQ(map.as<float>()[0], 2);
  EXPECT_FLOAT_EQ(map.as<float>()[1], 2);
  EXPECT_FLOAT_EQ(map.as<float>()[2], 3);
}

TEST(NormalizeNode, KnowsAPreset) {
  EXPECT_NEAR(
      shown("{preset: imagenet}", rgb_picture(4, 2, {255, 0, 0})).as<float>()[0], 2.2489F, 1e-4F);
  EXPECT_EQ(make("{preset: imagenet, std: 2}").error().message,
            "actor 'scale': 'std': 'preset' says it; leave one of the two out");
}

}  // namespace
}  // namespace penstock
