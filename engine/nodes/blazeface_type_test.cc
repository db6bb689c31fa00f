#include "engine/nodes/blazeface_type.h"

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

// A grid of one cell with one box, and two key points: 4 + 2 * 2 numbers.
const TensorSpec kScores = f32_spec("scores", {1, 1, 1});
const TensorSpec kRegressors = f32_spec("regressors", {1, 1, 8});

NodeArgs args_for(const OptionValues& options) {
  NodeArgs args;
  args.name = "faces.post";
  args.options = &options;
  args.model_inputs = {std::make_shared<TensorSpec>(f32_spec("image", {1, 3, 32, 32}))};
  args.model_outputs = {std::make_shared<TensorSpec>(kScores),
                        std::make_shared<TensorSpec>(kRegressors)};
  return args;
}

TEST(BlazefaceType, GivesFacesWithTheirKeyPoints) {
  NodeBench bench;
  const OptionValues options = options_of(blazeface_type(), "{labels: [face], grids: [[1, 1, 1]]}");
  auto node = make_blazeface(args_for(options));
  ASSERT_TRUE(node.has_value()) << node.error().message;
  Frame frame = bench.frame(0);
  // The cell's centre is (16, 16).
  std::vector<FeatureMap> maps = {map_of<float>(kScores, {1.0986123F}),
                                  map_of<float>(kRegressors, {0, 0, 8, 4, -2, -1, 3, 1})};
  maps[0].to_source = Affine::scale_and_shift(2, 2, 0, 0);
  frame.set_tensors(maps);
  ASSERT_TRUE((*node)->process(frame, bench.emit).has_value());
  ASSERT_EQ(frame.objects().items.size(), 1U);
  const Object& face = frame.objects().items[0];
  EXPECT_EQ(face.box, (Box{24, 28, 16, 8}));
  EXPECT_EQ(frame.objects().labels->name_of(face.label), "face");
  ASSERT_EQ(face.keypoints.size(), 2U);
  EXPECT_EQ(face.keypoints[0].at, (Point{28, 30}));
  EXPECT_EQ(face.keypoints[1].at, (Point{38, 34}));
  EXPECT_NEAR(face.keypoints[1].score, 0.75F, 1e-6F);
  frame.end(Outcome::kDelivered);
}

TEST(BlazefaceType, KnowsWhichModelsItFits) {
  const OptionValues options = options_of(blazeface_type());
  ModelFacts model;
  model.inputs = {{"image", {1, 3, 128, 128}, "f32", "NCHW"}};
  model.outputs = {{"regressors", {1, 896, 16}, "f32", ""}, {"scores", {1, 896, 1}, "f32", ""}};
  EXPECT_EQ(blazeface_type().decoder_fit()(model, options), std::nullopt);
  model.outputs[0].dims = {1, 2304, 16};
  model.outputs[1].dims = {1, 2304, 1};
  EXPECT_TRUE(blazeface_type().decoder_fit()(model, options).has_value());
  const OptionValues far = options_of(blazeface_type(), "{grids: full}");
  EXPECT_EQ(blazeface_type().decoder_fit()(model, far), std::nullopt);
}

TEST(BlazefaceType, NamesTheActorAndTheMisfit) {
  const OptionValues options = options_of(blazeface_type());
  const auto node = make_blazeface(args_for(options));
  ASSERT_FALSE(node.has_value());
  EXPECT_EQ(node.error().message.rfind("actor 'faces.post': ", 0), 0U) << node.error().message;
}

}  // namespace
}  // namespace penstock
