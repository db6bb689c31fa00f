#include "drivers/api/bucket_info.h"

#include <gtest/gtest.h>

namespace penstock {
namespace {

TensorSpec port(const std::string& name, const Shape& shape) {
  TensorSpec spec;
  spec.name = name;
  spec.type = ElementType::kF32;
  spec.shape = shape;
  return spec;
}

ModelInfo model(const Shape& input, const Shape& output) {
  ModelInfo info;
  info.inputs = {port("image", input)};
  info.outputs = {port("scores", output)};
  return info;
}

TEST(BucketInfo, OpensTheExtentsInWhichTheModelsDiffer) {
  std::vector<ModelInfo> models = {model({1, 3, 8, 8}, {1, 10}), model({4, 3, 8, 16}, {4, 10})};
  models[0].preferred_requests = 2;
  models[1].preferred_requests = 5;
  models[1].min_batch = models[1].max_batch = 4;
  const ModelInfo info = describe_buckets(models).value();
  EXPECT_EQ(info.inputs[0].to_string(), "f32 ?x3x8x?");
  EXPECT_EQ(info.outputs[0].to_string(), "f32 ?x10");
  ASSERT_EQ(info.buckets.size(), 2U);
  EXPECT_EQ(info.buckets[1], bucket_of(models[1]));
  EXPECT_EQ(info.properties.at("buckets"), "1x3x8x8; 4x3x8x16");
  EXPECT_EQ(info.preferred_requests, 5U);
  EXPECT_EQ(info.min_batch, 1U);
  EXPECT_EQ(info.max_batch, 4U);
}

TEST(BucketInfo, PutsTheSmallestFirstAndKeepsTheOrderOfEquals) {
  const std::vector<ModelInfo> models = {
      model({4, 8}, {4}), model({2, 8}, {2}), model({4, 4}, {4}), model({1, 8}, {1})};
  EXPECT_EQ(bucket_order(models), (std::vector<std::size_t>{3, 1, 2, 0}));
}

TEST(BucketInfo, RefusesOpenInputsAndOtherRanks) {
  EXPECT_EQ(
      describe_buckets(std::vector<ModelInfo>{model({1, -1}, {1}), model({2, -1}, {2})}).error(),
      (Error{Errc::kInvalidArgument, "bucket 1x? leaves an input open: give it a shape too"}));
  EXPECT_EQ(
      describe_buckets(std::vector<ModelInfo>{model({1, 4}, {1}), model({1, 8}, {1, 8})}).error(),
      (Error{Errc::kUnsupported,
             "bucket 1x8: its outputs have other ranks than those of the first"}));
}

TEST(BucketInfo, NamesTheInputThatCannotHoldThePadding) {
  ModelInfo info = model({1, 4}, {1});
  info.inputs.push_back(port("bytes", {1, 4}));
  info.inputs[1].type = ElementType::kU8;
  EXPECT_EQ(padding_of(info, 7).value()[1], std::vector<std::byte>{std::byte{7}});
  EXPECT_EQ(padding_of(info, 300).error().message, "input 'bytes': u8 cannot hold 300.000000");
}

TEST(BucketInfo, PutsABatchFirstInEveryPort) {
  const ModelInfo batch = with_batch(model({1, 3, 8, 8}, {-1, 4}), 4);
  EXPECT_EQ(batch.inputs[0].shape, Shape({4, 3, 8, 8}));
  EXPECT_EQ(batch.outputs[0].shape, Shape({4, 4}));
  EXPECT_EQ(with_batch(model({1, 8}, {1, 4}), 0), model({1, 8}, {1, 4})) << "as it is";
}

TEST(BucketInfo, ShapesPortsThatOptionsDescribe) {
  const DriverOptions options;
  OptionReader reader(options);
  const ModelInfo open = model({-1, 3, -1, -1}, {-1, 4, -1, -1});
  const auto shaped = shape_ports(reader, open, {{{"image", Shape{1, 3, 8, 6}}}, 4});
  ASSERT_TRUE(shaped.has_value());
  EXPECT_EQ(shaped->inputs[0].shape, Shape({4, 3, 8, 6}));
  EXPECT_EQ(shaped->outputs[0].shape, Shape({4, 4, 8, 6}));
  EXPECT_EQ(shaped->max_batch, 4U);
  EXPECT_TRUE(reader.obstacles().empty());
}

TEST(BucketInfo, ComplainsOfAShapeThatIsNotForTheModel) {
  const DriverOptions options;
  OptionReader reader(options);
  const ModelInfo open = model({-1, 3, -1, -1}, {-1, 4, -1, -1});
  EXPECT_FALSE(shape_ports(reader, open, {{{"image", Shape{1, 4, 8, 6}}}, 0}).has_value());
  EXPECT_FALSE(shape_ports(reader, open, {{{"sound", Shape{1, 3, 8, 6}}}, 0}).has_value());
  const auto obstacles = reader.obstacles();
  ASSERT_EQ(obstacles.size(), 2U);
  EXPECT_NE(obstacles[0].text.find("changes an extent that the model fixes"), std::string::npos);
  EXPECT_NE(obstacles[1].text.find("has the inputs 'image'"), std::string::npos);
}

}  // namespace
}  // namespace penstock
