#include "engine/run/batch_shapes.h"

#include <cstdint>
#include <vector>

#include <gtest/gtest.h>

#include "engine/run/testing/port_specs.h"

namespace penstock {
namespace {

using testing::port_map;
using testing::port_spec;
using testing::PortSpecs;

PortSpecs port(const char* name, const Shape& shape) {
  return {port_spec(name, ElementType::kF32, shape)};
}

constexpr std::int64_t kOpen = Shape::kDynamic;
const PortSpecs kInputs = port("images", {kOpen, 3, kOpen, kOpen});
const PortSpecs kOutputs = port("boxes", {kOpen, kOpen, 6});

ShapeBucket bucket(std::int64_t batch, std::int64_t side) {
  return {{Shape({batch, 3, side, side})}, {Shape({batch, side * 2, 6})}};
}

const std::vector<ShapeBucket> kBuckets = {
    bucket(1, 8), bucket(2, 8), bucket(1, 16), bucket(4, 8), bucket(2, 16), bucket(4, 16)};

std::vector<FeatureMap> frame(const Shape& shape, const PortSpecs& of = kInputs) {
  return {port_map(of[0], shape)};
}

BatchShapes made(std::uint32_t batch, const std::vector<ShapeBucket>& buckets) {
  return BatchShapes::create(kInputs, kOutputs, buckets, batch).value();
}

BatchShapes::Layout laid_out(const BatchShapes& shapes,
                             const std::vector<FeatureMap>& maps,
                             std::size_t frames) {
  BatchShapes::Layout layout;
  EXPECT_TRUE(shapes.lay_out(maps, frames, layout).has_value());
  return layout;
}

TEST(BatchShapes, TakeTheSmallestBatchThatHoldsTheFrames) {
  const BatchShapes shapes = made(4, kBuckets);
  const auto maps = frame({1, 3, 8, 8});
  EXPECT_EQ(laid_out(shapes, maps, 1).inputs[0], Shape({1, 3, 8, 8}));
  EXPECT_EQ(laid_out(shapes, maps, 2).inputs[0], Shape({2, 3, 8, 8}));
  const auto three = laid_out(shapes, maps, 3);
  EXPECT_EQ(three.inputs[0], Shape({4, 3, 8, 8})) << "with a row that nobody asks for";
  EXPECT_EQ(three.outputs[0], Shape({4, 16, 6}));
}

TEST(BatchShapes, LeaveTheDriverWhatMustBePadded) {
  const BatchShapes shapes = made(4, kBuckets);
  const auto layout = laid_out(shapes, frame({1, 3, 9, 12}), 3);
  EXPECT_EQ(layout.inputs[0], Shape({3, 3, 9, 12}));
  EXPECT_EQ(layout.outputs[0], Shape({4, 32, 6}));
}

TEST(BatchShapes, LetFramesOfOneSizeGoTogether) {
  const BatchShapes shapes = made(4, kBuckets);
  EXPECT_TRUE(shapes.go_together(frame({1, 3, 8, 8}), frame({1, 3, 8, 8})));
  EXPECT_FALSE(shapes.go_together(frame({1, 3, 8, 8}), frame({1, 3, 16, 16})));
}

TEST(BatchShapes, RefuseAFrameThatFitsNoBucketNamingTheLargest) {
  const BatchShapes shapes = made(4, kBuckets);
  EXPECT_TRUE(shapes.check_frame(frame({1, 3, 16, 16})).has_value());
  EXPECT_EQ(shapes.check_frame(frame({1, 3, 16, 17})).error().message,
            "input 'images': shape 1x3x16x17 fits none of the 6 buckets; the largest is "
            "4x3x16x16");
  EXPECT_EQ(shapes.check_frame(frame({2, 3, 8, 8})).error().message,
            "input 'images': a frame's tensor has shape 2x3x8x8, one of a batch begins with 1");
  EXPECT_EQ(shapes.check_frame({}).error().message,
            "the frame carries 0 tensors, the model has 1 inputs");
}

TEST(BatchShapes, RefuseAFrameWhoseTensorIsNotTheModels) {
  for (const bool has_buckets : {true, false}) {
    const PortSpecs fixed = port("images", {2, 3, 8, 8});
    const BatchShapes shapes =
        has_buckets ? made(4, kBuckets)
                    : BatchShapes::create(fixed, port("boxes", {2, 6}), {}, 2).value();
    EXPECT_TRUE(shapes.check_frame(frame({1, 3, 8, 8})).has_value());

    auto spec = std::make_shared<TensorSpec>(*kInputs[0]);
    spec->type = kInputs[0]->type == ElementType::kU8 ? ElementType::kF32 : ElementType::kU8;
    auto other = frame({1, 3, 8, 8});
    other[0].spec = spec;
    const Status refused = shapes.check_frame(other);
    ASSERT_FALSE(refused.has_value());
    EXPECT_NE(refused.error().message.find("input 'images': a frame's tensor has elements of "),
              std::string::npos)
        << refused.error().message;

    auto behind = frame({1, 3, 8, 8});
    behind[0].offset = behind[0].buffer.size() + 1;
    EXPECT_FALSE(shapes.check_frame(behind).has_value());
  }
  const Status channels =
      made(4, kBuckets).check_frame(frame({1, 2, 8, 8}, port("images", {kOpen, 2, kOpen, kOpen})));
  ASSERT_FALSE(channels.has_value());
  EXPECT_EQ(channels.error().message,
            "input 'images': a frame's tensor has shape 1x2x8x8, the model wants ?x3x?x?");
}

TEST(BatchShapes, LayASingleFrameOutForItsBucket) {
  const BatchShapes shapes = made(1, {bucket(1, 8), bucket(1, 16)});
  EXPECT_EQ(laid_out(shapes, frame({1, 3, 8, 8}), 1).outputs[0], Shape({1, 16, 6}));
  EXPECT_EQ(laid_out(shapes, frame({1, 3, 16, 8}), 1).outputs[0], Shape({1, 32, 6}));
}

TEST(BatchShapes, FollowThePortsWithoutBuckets) {
  const PortSpecs inputs = port("images", {4, 8});
  const PortSpecs outputs = port("scores", {4, 2});
  const BatchShapes shapes = BatchShapes::create(inputs, outputs, {}, 4).value();
  const auto maps = frame({4, 8}, inputs);
  EXPECT_TRUE(shapes.check_frame(maps).has_value()) << "bytes count there, not shapes";
  EXPECT_EQ(laid_out(shapes, maps, 2).inputs[0], Shape({4, 8}));
  EXPECT_EQ(laid_out(shapes, maps, 2).outputs[0], Shape({4, 2}));
}

TEST(BatchShapes, RefuseOpenOutputsAndPortsWithoutTheBatch) {
  EXPECT_EQ(BatchShapes::create(kInputs, kOutputs, {}, 1).error().message,
            "output 'boxes' has the open shape ?x?x6; a fixed one is needed: give the model "
            "'shapes'");
  const std::vector<ShapeBucket> folded = {{{Shape({2, 3, 8, 8})}, {Shape({1, 32, 6})}}};
  EXPECT_EQ(BatchShapes::create(kInputs, kOutputs, folded, 2).error().message,
            "output 'boxes': shape 1x32x6 for batches of 2");
}

}  // namespace
}  // namespace penstock
