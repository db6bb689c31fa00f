#include "engine/nodes/ssd_type.h"

#include <vector>

#include <gtest/gtest.h>

#include "engine/nodes/testing/node_bench.h"
#include "engine/nodes/testing/pictures.h"
#include "engine/nodes/testing/type_options.h"
#include "engine/vision/test_maps.h"

namespace penstock {
namespace {

using testing::f32_spec;
using testing::map_of;
using testing::NodeBench;
using testing::options_of;
using testing::rgb_picture;

// One level of one cell with one box at its centre, as large as the whole input.
constexpr const char* kOneAnchor =
    "anchors: {strides: [32], min_scale: 1, max_scale: 1, ratios: [1], in_between: false, "
    "reduce_first: false}";

std::string yaml(const std::string& more = "") {
  return "{labels: [background, person, dog], " + std::string(kOneAnchor) + more + "}";
}

NodeArgs args_for(const OptionValues& options) {
  NodeArgs args;
  args.name = "detect.post";
  args.options = &options;
  args.model_inputs = {std::make_shared<TensorSpec>(f32_spec("image", {1, 3, 32, 32}))};
  args.model_outputs = {std::make_shared<TensorSpec>(f32_spec("boxes", {1, 1, 4})),
                        std::make_shared<TensorSpec>(f32_spec("classes", {1, 1, 3}))};
  return args;
}

class SsdTypeTest : public ::testing::Test {
 protected:
  /// Returns a frame whose 64x32 picture was stretched to the model's 32x32, and in which a person
  /// fills all of it but is twice as wide as the picture.
  Frame person_frame() {
    Frame frame = bench_.frame(0);
    frame.set_image(rgb_picture(64, 32, {0, 0, 0}));
    std::vector<FeatureMap> maps = {
        map_of<float>(f32_spec("boxes", {1, 1, 4}), {0, 0, 0, 3.4657359F}),  // w * e^(5 ln 2 / 5)
        map_of<float>(f32_spec("classes", {1, 1, 3}), {-9, 1.0986123F, -9})};
    for (FeatureMap& map : maps) {
      map.to_source = Affine::scale_and_shift(2, 1, 0, 0);
    }
    frame.set_tensors(maps);
    return frame;
  }

  NodeBench bench_;
};

TEST_F(SsdTypeTest, GivesObjectsInTheSourcePictureAndTheTensorsBack) {
  const OptionValues options = options_of(ssd_type(), yaml());
  auto node = make_ssd(args_for(options));
  ASSERT_TRUE(node.has_value());
  Frame frame = person_frame();
  ASSERT_TRUE((*node)->process(frame, bench_.emit).has_value());
  EXPECT_TRUE(frame.tensors().empty());
  EXPECT_FALSE(frame.payloads().has(Payload::kTensors));
  ASSERT_EQ(frame.objects().items.size(), 1U);
  const Object& person = frame.objects().items[0];
  EXPECT_EQ(person.box, (Box{0, 0, 64, 32}));
  EXPECT_NEAR(person.score, 0.75F, 1e-6F);
  EXPECT_EQ(frame.objects().labels->name_of(person.label), "person");
  frame.end(Outcome::kDelivered);
}

TEST_F(SsdTypeTest, ReportsOnlyTheLabelsToKeep) {
  for (const auto& [keep, wanted] : {std::pair{"[dog]", 0U}, std::pair{"[dog, person]", 1U}}) {
    const OptionValues options = options_of(ssd_type(), yaml(std::string(", keep: ") + keep));
    auto node = make_ssd(args_for(options));
    ASSERT_TRUE(node.has_value());
    Frame frame = person_frame();
    ASSERT_TRUE((*node)->process(frame, bench_.emit).has_value());
    EXPECT_TRUE(frame.payloads().has(Payload::kObjects));
    EXPECT_EQ(frame.objects().items.size(), wanted) << keep;
    frame.end(Outcome::kDelivered);
  }
}

TEST_F(SsdTypeTest, ClipsToTheModelsViewWhereTheFrameHasNoPicture) {
  const OptionValues options = options_of(ssd_type(), yaml());
  auto node = make_ssd(args_for(options));
  ASSERT_TRUE(node.has_value());
  Frame pictured = person_frame();
  std::vector<FeatureMap> maps(pictured.tensors().begin(), pictured.tensors().end());
  pictured.end(Outcome::kDelivered);
  Frame frame = bench_.frame(1);
  frame.set_tensors(maps);
  ASSERT_TRUE((*node)->process(frame, bench_.emit).has_value());
  EXPECT_EQ(frame.objects().items[0].box, (Box{0, 0, 64, 32}));
  frame.end(Outcome::kDelivered);
}

TEST_F(SsdTypeTest, FailsTheFrameThatHasNoTensors) {
  const OptionValues options = options_of(ssd_type(), yaml());
  auto node = make_ssd(args_for(options));
  ASSERT_TRUE(node.has_value());
  Frame frame = bench_.frame(0);
  const Status status = (*node)->process(frame, bench_.emit);
  frame.end(Outcome::kFailed);
  ASSERT_FALSE(status.has_value());
  EXPECT_EQ(status.error().code, Errc::kInvalidArgument);  // The frame's fault, not the node's.
}

TEST_F(SsdTypeTest, KnowsWhichModelsItFits) {
  const OptionValues options = options_of(ssd_type(), yaml());
  ModelFacts model;
  model.inputs = {{"image", {1, 3, 32, 32}, "f32", "NCHW"}};
  model.outputs = {{"boxes", {1, 1, 4}, "f32", ""}, {"classes", {1, 1, 3}, "f32", ""}};
  EXPECT_EQ(ssd_type().decoder_fit()(model, options), std::nullopt);
  model.outputs[1].dims = {1, 1, 9};
  const auto misfit = ssd_type().decoder_fit()(model, options);
  ASSERT_TRUE(misfit.has_value());
  EXPECT_NE(misfit->find("labels (3)"), std::string::npos) << *misfit;
}

TEST_F(SsdTypeTest, LeavesAModelOfOpenSizeToTheRun) {
  const OptionValues options = options_of(ssd_type(), yaml());
  ModelFacts model;
  model.inputs = {{"image", {1, 3, -1, -1}, "f32", "NCHW"}};
  EXPECT_EQ(ssd_type().decoder_fit()(model, options), std::nullopt);
  NodeArgs args = args_for(options);
  args.model_inputs = {std::make_shared<TensorSpec>(f32_spec("image", {1, 3, -1, -1}))};
  EXPECT_FALSE(make_ssd(args).has_value());
  args.model_picture = Size2d{32, 32};
  EXPECT_TRUE(make_ssd(args).has_value());
}

TEST_F(SsdTypeTest, NamesTheActorAndTheMisfit) {
  const OptionValues options = options_of(ssd_type(), "{anchors: mobilenet_v2_oid_300}");
  const auto node = make_ssd(args_for(options));
  ASSERT_FALSE(node.has_value());
  EXPECT_EQ(node.error().message.rfind("actor 'detect.post': ", 0), 0U) << node.error().message;
}

}  // namespace
}  // namespace penstock
