#include "engine/nodes/preprocess_node.h"

#include <gtest/gtest.h>

#include "engine/graph/builtin_words.h"
#include "engine/nodes/testing/node_bench.h"
#include "engine/nodes/testing/pictures.h"
#include "engine/nodes/testing/type_options.h"

namespace penstock {
namespace {

using testing::NodeBench;
using testing::options_of;
using testing::rgb_picture;

std::shared_ptr<const TensorSpec> input_spec(ElementType type, Shape shape, std::string layout) {
  auto spec = std::make_shared<TensorSpec>();
  spec->name = "image";
  spec->type = type;
  spec->shape = shape;
  spec->layout = std::move(layout);
  return spec;
}

Result<std::unique_ptr<Node>> make(std::shared_ptr<const TensorSpec> input,
                                   const std::string& yaml = "{}") {
  TypeRegistry registry;
  register_language_types(registry);
  const OptionValues options = options_of(registry, "preprocess", yaml);
  NodeArgs args;
  args.name = "detect.pre";
  args.options = &options;
  args.model_inputs = {std::move(input)};
  return PreprocessNode::make(args);
}

std::string error_of(const Result<std::unique_ptr<Node>>& made) {
  return made.has_value() ? "made" : made.error().message;
}

class PreprocessNodeTest : public ::testing::Test {
 protected:
  void start(std::shared_ptr<const TensorSpec> input, const std::string& yaml = "{}") {
    auto made = make(std::move(input), yaml);
    ASSERT_TRUE(made.has_value()) << error_of(made);
    node_ = std::move(made).value();
    ASSERT_TRUE(bench_.open(*node_).has_value());
  }

  /// Returns the tensor that the node makes of `image`.
  FeatureMap show(Image image) {
    Frame frame = bench_.frame(0);
    frame.set_image(std::move(image));
    EXPECT_TRUE(node_->process(frame, bench_.emit).has_value());
    EXPECT_EQ(frame.tensors().size(), 1U);
    FeatureMap map = frame.tensors().front();
    EXPECT_TRUE(frame.payloads().has(Payload::kImage));
    frame.end(Outcome::kDelivered);
    return map;
  }

  NodeBench bench_;
  std::unique_ptr<Node> node_;
};

TEST_F(PreprocessNodeTest, MakesPlanesFrom0To1AtTheModelsSize) {
  start(input_spec(ElementType::kF32, {1, 3, 4, 8}, "NCHW"));
  const FeatureMap map = show(rgb_picture(16, 8, {255, 51, 0}));
  EXPECT_EQ(map.shape, (Shape{1, 3, 4, 8}));
  EXPECT_EQ(map.spec->name, "image");
  EXPECT_FLOAT_EQ(map.as<float>()[0], 1);
  EXPECT_FLOAT_EQ(map.as<float>()[32], 0.2F);
  EXPECT_FLOAT_EQ(map.as<float>()[64], 0);
  EXPECT_EQ(map.to_source.apply(Point{8, 4}), (Point{16, 8}));
}

TEST_F(PreprocessNodeTest, FollowsTheModelsLayoutAndElement) {
  start(input_spec(ElementType::kU8, {1, 4, 8, 3}, "NHWC"));
  const FeatureMap map = show(rgb_picture(8, 4, {10, 20, 30}));
  EXPECT_EQ(map.shape, (Shape{1, 4, 8, 3}));
  EXPECT_EQ(map.as<std::uint8_t>()[3], 10);
  EXPECT_EQ(map.as<std::uint8_t>()[4], 20);
  EXPECT_EQ(map.as<std::uint8_t>()[5], 30);
}

TEST_F(PreprocessNodeTest, FindsTheChannelsWhereTheModelNamesNoLayout) {
  start(input_spec(ElementType::kU8, {1, 6, 8, 3}, ""));
  EXPECT_EQ(show(rgb_picture(8, 6, {10, 20, 30})).shape, (Shape{1, 6, 8, 3}));
}

TEST_F(PreprocessNodeTest, LetterboxesUnlessToldToStretch) {
  const auto input = input_spec(ElementType::kF32, {1, 3, 8, 8}, "NCHW");
  start(input);
  EXPECT_FLOAT_EQ(show(rgb_picture(16, 8, {255, 255, 255})).as<float>()[0], 114.0F / 255);
  start(input, "{resize: [8, 8]}");
  EXPECT_FLOAT_EQ(show(rgb_picture(16, 8, {255, 255, 255})).as<float>()[0], 1);
}

TEST_F(PreprocessNodeTest, TakesColorPadAndScaleFromItsOptions) {
  start(input_spec(ElementType::kF32, {1, 3, 4, 4}, "NCHW"),
        "{color: bgr, pad: 10, normalize: {mean: [0, 10, 20], std: [1, 2, 4]}}");
  const FeatureMap map = show(rgb_picture(4, 2, {100, 50, 30}));
  EXPECT_FLOAT_EQ(map.as<float>()[0], 10);       // Padding of blue.
  EXPECT_FLOAT_EQ(map.as<float>()[4], 30);       // Blue.
  EXPECT_FLOAT_EQ(map.as<float>()[16 + 4], 20);  // Green: (50 - 10) / 2.
  EXPECT_FLOAT_EQ(map.as<float>()[32 + 4], 20);  // Red: (100 - 20) / 4.
}

TEST_F(PreprocessNodeTest, TurnsThePresetRoundForBgr) {
  const auto input = input_spec(ElementType::kF32, {1, 3, 2, 2}, "NCHW");
  start(input, "{normalize: imagenet}");
  EXPECT_NEAR(show(rgb_picture(2, 2, {255, 0, 0})).as<float>()[0], 2.2489F, 1e-4F);
  start(input, "{normalize: imagenet, color: bgr}");
  EXPECT_NEAR(show(rgb_picture(2, 2, {255, 0, 0})).as<float>()[8], 2.2489F, 1e-4F);
}

TEST_F(PreprocessNodeTest, FillsOpenExtentsOfTheModel) {
  start(input_spec(ElementType::kF32, {-1, 3, -1, -1}, "NCHW"), "{letterbox: [8, 4]}");
  EXPECT_EQ(show(rgb_picture(16, 8, {1, 2, 3})).shape, (Shape{1, 3, 4, 8}));
}

TEST_F(PreprocessNodeTest, MakesSinglePicturesForAModelOfFixedBatch) {
  start(input_spec(ElementType::kF32, {4, 3, 4, 8}, "NCHW"));
  EXPECT_EQ(show(rgb_picture(16, 8, {1, 2, 3})).shape, (Shape{1, 3, 4, 8}));
}

TEST_F(PreprocessNodeTest, TakesEachSizeThatArrives) {
  start(input_spec(ElementType::kU8, {1, 8, 8, 3}, "NHWC"));
  show(rgb_picture(16, 8, {1, 2, 3}));
  const FeatureMap map = show(rgb_picture(8, 16, {1, 2, 3}));
  EXPECT_EQ(map.to_source.apply(Point{2, 0}), (Point{0, 0}));
}

TEST(PreprocessNodeErrors, NamesActorInputAndRule) {
  EXPECT_EQ(error_of(make(input_spec(ElementType::kF32, {1, 3, -1, -1}, "NCHW"))),
            "actor 'detect.pre': input 'image' of the model is f32 1x3x?x? NCHW, which fixes no "
            "size; write letterbox or resize: [width, height]");
  EXPECT_EQ(error_of(make(input_spec(ElementType::kF32, {1, 1, 8, 8}, "NCHW"))),
            "actor 'detect.pre': input 'image' of the model is f32 1x1x8x8 NCHW with 1 channels; "
            "preprocess makes 3");
  EXPECT_EQ(error_of(make(input_spec(ElementType::kF16, {1, 3, 8, 8}, "NCHW"))),
            "actor 'detect.pre': input 'image' of the model is f16 1x3x8x8 NCHW; preprocess makes "
            "f32 and u8");
  EXPECT_EQ(error_of(make(input_spec(ElementType::kF32, {1, 24}, ""))),
            "actor 'detect.pre': input 'image' of the model is f32 1x24; a picture wants four "
            "axes");
}

TEST(PreprocessNodeErrors, RefusesToNormalizeBytes) {
  const auto input = input_spec(ElementType::kU8, {1, 8, 8, 3}, "NHWC");
  EXPECT_EQ(make(input, "{normalize: imagenet}").error().code, Errc::kUnsupported);
  EXPECT_TRUE(make(input).has_value());
}

}  // namespace
}  // namespace penstock
