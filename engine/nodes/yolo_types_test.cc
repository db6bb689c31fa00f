#include "engine/nodes/yolo_types.h"

#include <vector>

#include <gtest/gtest.h>

#include "engine/nodes/testing/node_bench.h"
#include "engine/nodes/testing/type_options.h"
#include "engine/vision/test_maps.h"

namespace penstock {
namespace {

using testing::f32_spec;
using testing::map_of;
using testing::NodeBench;
using testing::options_of;

using Maker = Result<std::unique_ptr<Node>> (*)(const NodeArgs& args);

/// Decodes one output of a model that takes 32x32; returns the frame's objects, without arena.
std::vector<Object> decode(const ActorType& type,
                           Maker make,
                           const std::string& yaml,
                           const Shape& shape,
                           const std::vector<float>& elements) {
  NodeBench bench;
  const OptionValues options = options_of(type, yaml);
  NodeArgs args;
  args.name = "detect.post";
  args.options = &options;
  args.model_inputs = {std::make_shared<TensorSpec>(f32_spec("image", {1, 3, 32, 32}))};
  args.model_outputs = {std::make_shared<TensorSpec>(f32_spec("out", shape))};
  auto node = make(args);
  EXPECT_TRUE(node.has_value()) << node.error().message;
  Frame frame = bench.frame(0);
  std::vector<FeatureMap> maps = {map_of<float>(f32_spec("out", shape), elements)};
  maps[0].to_source = Affine::scale_and_shift(2, 2, 0, 0);
  frame.set_tensors(maps);
  EXPECT_TRUE((*node)->process(frame, bench.emit).has_value());
  const std::vector<Object> objects(frame.objects().items.begin(), frame.objects().items.end());
  frame.end(Outcome::kDelivered);
  return objects;
}

TEST(YoloTypes, DecodeV5) {
  const auto found = decode(yolov5_type(),
                            make_yolov5,
                            "{labels: [person, dog]}",
                            {1, 2, 7},
                            {16, 16, 8, 4, 0.9F, 0.1F, 1, 16, 16, 8, 4, 0.1F, 1, 1});
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].box, (Box{24, 28, 16, 8}));
  EXPECT_EQ(found[0].label, 1);
  EXPECT_FLOAT_EQ(found[0].score, 0.9F);
}

TEST(YoloTypes, DecodeV8) {
  const auto found = decode(yolov8_type(),
                            make_yolov8,
                            "{labels: [person, dog], score: 0.5, keep: [person]}",
                            {1, 2, 6},
                            {16, 16, 8, 4, 0.75F, 0.1F, 8, 8, 8, 4, 0.1F, 0.9F});
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].box, (Box{24, 28, 16, 8}));
  EXPECT_EQ(found[0].label, 0);
}

TEST(YoloTypes, DecodeV10) {
  const auto found = decode(yolov10_type(),
                            make_yolov10,
                            "{top_k: 1}",
                            {1, 2, 6},
                            {4, 4, 8, 8, 0.5F, 3, 12, 14, 20, 18, 0.75F, 1});
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].box, (Box{24, 28, 16, 8}));
  EXPECT_EQ(found[0].label, 1);
}

TEST(YoloTypes, KnowWhichModelsTheyFit) {
  ModelFacts model;
  model.inputs = {{"image", {1, 3, 640, 640}, "f32", "NCHW"}};
  model.outputs = {{"out", {1, 6, 8400}, "f32", ""}};
  const OptionValues options = options_of(yolov8_type(), "{labels: [person, dog]}");
  EXPECT_EQ(yolov8_type().decoder_fit()(model, options), std::nullopt);
  EXPECT_TRUE(yolov10_type().decoder_fit()(model, options).has_value());
  model.outputs[0].dims = {1, 84, 8400};
  EXPECT_TRUE(yolov8_type().decoder_fit()(model, options).has_value());
}

}  // namespace
}  // namespace penstock
