#include "drivers/openvino/work_summary.h"

#include <memory>
#include <vector>

#include <gtest/gtest.h>
#include <openvino/opsets/opset8.hpp>
#include <openvino/runtime/core.hpp>

#include "drivers/sim/model_work.h"

namespace penstock::openvino {
namespace {

namespace ops = ov::opset8;
using ov::element::f32;

std::shared_ptr<ops::Parameter> input_of(const ov::PartialShape& shape) {
  return std::make_shared<ops::Parameter>(f32, shape);
}

std::shared_ptr<ov::Node> weights_of(const ov::Shape& shape) {
  return std::make_shared<ops::Constant>(f32, shape, std::vector<float>{0.5F});
}

std::shared_ptr<ov::Node> convolution(const ov::Output<ov::Node>& x,
                                      const ov::Shape& weights,
                                      std::size_t stride = 1) {
  const auto pad = static_cast<std::ptrdiff_t>(weights[3] / 2);
  return std::make_shared<ops::Convolution>(x,
                                            weights_of(weights),
                                            ov::Strides{stride, stride},
                                            ov::CoordinateDiff{pad, pad},
                                            ov::CoordinateDiff{pad, pad},
                                            ov::Strides{1, 1});
}

sim::ModelWork work_of(const std::shared_ptr<ov::Node>& last, const ov::ParameterVector& inputs) {
  const auto model = std::make_shared<ov::Model>(ov::OutputVector{last}, inputs);
  const auto work = sim::work_from(work_properties(model));
  EXPECT_TRUE(work.has_value());
  return work.value_or(sim::ModelWork{});
}

TEST(WorkSummary, CountsAConvolutionByItsOutput) {
  const auto x = input_of({1, 3, 8, 6});
  const sim::ModelWork work = work_of(convolution(x, {16, 3, 3, 3}, 2), {x});
  EXPECT_EQ(work.conv_macs, 16 * 4 * 3 * 3 * 9);
  EXPECT_EQ(work.conv_positions, 4 * 3);
  EXPECT_EQ(work.largest_conv_macs, work.conv_macs);
  EXPECT_EQ(work.weight_bytes, 16 * 3 * 9);
  EXPECT_EQ(work.activation_bytes, 3 * 8 * 6 + 16 * 4 * 3);
  EXPECT_EQ(work.input_bytes, 3 * 8 * 6);
  EXPECT_EQ(work.output_bytes, 16 * 4 * 3);
  EXPECT_EQ(work.layers, 1);
  EXPECT_EQ(work.other_ops, 0);
}

TEST(WorkSummary, KeepsTheHeaviestLayerApart) {
  const auto x = input_of({1, 4, 8, 8});
  const auto first = convolution(x, {8, 4, 3, 3});
  const sim::ModelWork work = work_of(convolution(first, {2, 8, 1, 1}), {x});
  EXPECT_EQ(work.largest_conv_macs, 8 * 64 * 4 * 9);
  EXPECT_EQ(work.conv_macs, 8 * 64 * 4 * 9 + 2 * 64 * 8);
  EXPECT_EQ(work.conv_positions, 128);
}

TEST(WorkSummary, TellsDepthwiseFromGroupedConvolutions) {
  const auto x = input_of({1, 8, 4, 4});
  const auto grouped = [&x](const ov::Shape& weights) {
    return std::make_shared<ops::GroupConvolution>(x,
                                                   weights_of(weights),
                                                   ov::Strides{1, 1},
                                                   ov::CoordinateDiff{1, 1},
                                                   ov::CoordinateDiff{1, 1},
                                                   ov::Strides{1, 1});
  };
  const sim::ModelWork depthwise = work_of(grouped({8, 1, 1, 3, 3}), {x});
  EXPECT_EQ(depthwise.depthwise_macs, 8 * 16 * 9);
  EXPECT_EQ(depthwise.conv_macs, 0);
  const sim::ModelWork halves = work_of(grouped({2, 4, 4, 3, 3}), {x});
  EXPECT_EQ(halves.depthwise_macs, 0);
  EXPECT_EQ(halves.conv_macs, 8 * 16 * 4 * 9);
  EXPECT_EQ(halves.conv_positions, 16);
}

TEST(WorkSummary, CountsATransposedConvolutionByItsInput) {
  const auto x = input_of({1, 6, 5, 5});
  const auto y = std::make_shared<ops::ConvolutionBackpropData>(x,
                                                                weights_of({6, 4, 2, 2}),
                                                                ov::Strides{2, 2},
                                                                ov::CoordinateDiff{0, 0},
                                                                ov::CoordinateDiff{0, 0},
                                                                ov::Strides{1, 1});
  const sim::ModelWork work = work_of(y, {x});
  EXPECT_EQ(work.conv_macs, 6 * 25 * 4 * 4);
  EXPECT_EQ(work.conv_positions, 100);
}

TEST(WorkSummary, TellsProductsOfMapsFromProductsWithWeights) {
  const auto x = input_of({1, 10, 32});
  const auto y = std::make_shared<ops::MatMul>(x, weights_of({64, 32}), false, true);
  const sim::ModelWork weighted = work_of(y, {x});
  EXPECT_EQ(weighted.conv_macs, 10 * 32 * 64);
  EXPECT_EQ(weighted.conv_positions, 10);
  EXPECT_EQ(weighted.product_macs, 0);
  const auto squared = std::make_shared<ops::MatMul>(x, x, false, true);
  const sim::ModelWork attention = work_of(squared, {x});
  EXPECT_EQ(attention.product_macs, 10 * 32 * 10);
  EXPECT_EQ(attention.conv_macs, 0);
  EXPECT_EQ(attention.weight_bytes, 0);
}

TEST(WorkSummary, FoldsWhatGoesElementByElementWithAConstant) {
  const auto x = input_of({1, 4, 4, 4});
  const auto biased =
      std::make_shared<ops::Add>(convolution(x, {4, 4, 1, 1}), weights_of({1, 4, 1, 1}));
  const auto y = std::make_shared<ops::Relu>(biased);
  const sim::ModelWork work = work_of(y, {x});
  EXPECT_EQ(work.layers, 1);
  EXPECT_EQ(work.other_ops, 0);
  EXPECT_EQ(work.weight_bytes, 16 + 4);
}

TEST(WorkSummary, CountsSumsOfMapsPoolsAndGatesByTheirLargestPort) {
  const auto x = input_of({1, 4, 4, 4});
  const auto sum = std::make_shared<ops::Add>(x, std::make_shared<ops::Relu>(x));
  EXPECT_EQ(work_of(sum, {x}).other_ops, 64);
  EXPECT_EQ(work_of(sum, {x}).activation_bytes, 3 * 64);
  const auto gate = std::make_shared<ops::Multiply>(x, std::make_shared<ops::Sigmoid>(x));
  EXPECT_EQ(work_of(gate, {x}).other_ops, 64);
  EXPECT_EQ(work_of(std::make_shared<ops::HSwish>(x), {x}).other_ops, 64);
  const auto axes = ops::Constant::create(ov::element::i64, ov::Shape{2}, {2, 3});
  const auto mean = std::make_shared<ops::ReduceMean>(x, axes, true);
  EXPECT_EQ(work_of(mean, {x}).other_ops, 64);
  EXPECT_EQ(work_of(mean, {x}).weight_bytes, 0);
  EXPECT_EQ(work_of(mean, {x}).layers, 1);
}

TEST(WorkSummary, CountsAnOpenBatchAsOneAndLeavesTheModelAsItIs) {
  const auto x = input_of({ov::Dimension::dynamic(), 3, 8, 8});
  const auto model = std::make_shared<ov::Model>(ov::OutputVector{convolution(x, {4, 3, 1, 1})},
                                                 ov::ParameterVector{x});
  const auto work = sim::work_from(work_properties(model));
  ASSERT_TRUE(work.has_value());
  EXPECT_EQ(work->conv_macs, 4 * 64 * 3);
  EXPECT_TRUE(model->is_dynamic());
}

TEST(WorkSummary, TellsNothingOfAModelWhoseSizesAreOpen) {
  const auto x = input_of({1, 3, ov::Dimension::dynamic(), 8});
  const auto model = std::make_shared<ov::Model>(ov::OutputVector{convolution(x, {4, 3, 1, 1})},
                                                 ov::ParameterVector{x});
  EXPECT_TRUE(work_properties(model).empty());
}

sim::ModelWork work_of_file(const char* path) {
  ov::Core core;
  const auto work = sim::work_from(work_properties(core.read_model(path)));
  EXPECT_TRUE(work.has_value()) << path;
  return work.value_or(sim::ModelWork{});
}

TEST(WorkSummary, AgreesWithTheNetworksThatCostsAreFittedTo) {
  // `ssd_mobilenet_v2` of drivers/sim/fit/networks.csv, but for the number of classes in its heads.
  const sim::ModelWork ssd = work_of_file("../assets/models/ssd_mobilenet_v2_oid.tflite");
  EXPECT_EQ(ssd.conv_positions, 105'695);
  EXPECT_EQ(ssd.other_ops, 398'040);
  EXPECT_NEAR(ssd.conv_macs, 0.67e9, 0.04e9);
  EXPECT_NEAR(ssd.depthwise_macs, 0.041e9, 0.004e9);
  EXPECT_NEAR(ssd.weight_bytes, 4.7e6, 0.3e6);
  EXPECT_EQ(ssd.input_bytes, 300 * 300 * 3);
}

TEST(WorkSummary, GivesASmallDetectorItsSize) {
  const sim::ModelWork face = work_of_file("../assets/models/blazeface_128.onnx");
  EXPECT_NEAR(face.conv_macs + face.depthwise_macs, 31e6, 1e6);
  EXPECT_NEAR(face.weight_bytes, 0.1e6, 0.01e6);
  EXPECT_EQ(face.input_bytes, 128 * 128 * 3);
}

}  // namespace
}  // namespace penstock::openvino
