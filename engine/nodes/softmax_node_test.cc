#include "engine/nodes/softmax_node.h"

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

Result<std::unique_ptr<Node>> make(const std::string& yaml) {
  const OptionValues options = options_of(softmax_type(), yaml);
  NodeArgs args;
  args.name = "colour.post";
  args.options = &options;
  args.model_outputs = {std::make_shared<TensorSpec>(f32_spec("scores", {1, 3}))};
  return SoftmaxNode::make(args);
}

Frame frame_with(NodeBench& bench, const std::vector<float>& scores) {
  Frame frame = bench.frame(0);
  std::vector<FeatureMap> maps = {map_of<float>(f32_spec("scores", {1, 3}), scores)};
  frame.set_tensors(maps);
  return frame;
}

TEST(SoftmaxNode, GivesTheBestClassesAndTheTensorsBack) {
  NodeBench bench;
  auto node = make("{labels: [red, green, blue], top_k: 2}");
  ASSERT_TRUE(node.has_value());
  Frame frame = frame_with(bench, {0, 0.6931472F, 0});  // e^x: 1, 2, 1
  ASSERT_TRUE((*node)->process(frame, bench.emit).has_value());
  EXPECT_TRUE(frame.tensors().empty());
  const Labels& labels = frame.labels();
  ASSERT_EQ(labels.items.size(), 2U);
  EXPECT_EQ(labels.labels->name_of(labels.items[0].id), "green");
  EXPECT_NEAR(labels.items[0].score, 0.5F, 1e-6F);
  EXPECT_EQ(labels.items[1].id, 0);
  frame.end(Outcome::kDelivered);
}

TEST(SoftmaxNode, TakesScoresAsTheyAreWhereToldSo) {
  NodeBench bench;
  auto node = make("{activation: none, score: 0.25, top_k: 3}");
  ASSERT_TRUE(node.has_value());
  Frame frame = frame_with(bench, {0.1F, 0.6F, 0.3F});
  ASSERT_TRUE((*node)->process(frame, bench.emit).has_value());
  ASSERT_EQ(frame.labels().items.size(), 2U);
  EXPECT_FLOAT_EQ(frame.labels().items[1].score, 0.3F);
  EXPECT_EQ(frame.labels().labels, nullptr);
  frame.end(Outcome::kDelivered);
}

TEST(SoftmaxNode, NamesTheActorWhenLabelsDoNotFit) {
  const auto node = make("{labels: [red, green]}");
  ASSERT_FALSE(node.has_value());
  EXPECT_EQ(node.error().code, Errc::kInvalidArgument);
  EXPECT_EQ(node.error().message.rfind("actor 'colour.post': ", 0), 0U) << node.error().message;
}

TEST(SoftmaxType, KnowsWhichModelsItFits) {
  const OptionValues options = options_of(softmax_type(), "{labels: [red, green]}");
  ModelFacts model;
  model.outputs = {{"scores", {1, 2}, "f32", ""}};
  EXPECT_EQ(softmax_type().decoder_fit()(model, options), std::nullopt);
  model.outputs[0].dims = {1, 3};
  EXPECT_TRUE(softmax_type().decoder_fit()(model, options).has_value());
}

}  // namespace
}  // namespace penstock
