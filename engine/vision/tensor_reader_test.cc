#include "engine/vision/tensor_reader.h"

#include <cmath>
#include <cstdint>
#include <limits>

#include <gtest/gtest.h>

#include "engine/vision/test_maps.h"

namespace penstock {
namespace {

using testing::f32_spec;
using testing::map_of;

TensorSpec spec_of(ElementType type, const Shape& shape) {
  TensorSpec spec = f32_spec("out", shape);
  spec.type = type;
  return spec;
}

std::vector<float> read(const FeatureMap& map, std::size_t item = 0) {
  TensorReader reader;
  const auto read = reader.item(map, item);
  EXPECT_TRUE(read.has_value());
  return read.has_value() ? std::vector<float>(read->begin(), read->end()) : std::vector<float>();
}

using Floats = std::vector<float>;

TEST(TensorReader, ReadsF32InPlace) {
  const FeatureMap map = map_of<float>(f32_spec("out", {2, 3}), {1, 2, 3, 4, 5, 6});
  TensorReader reader;
  const auto second = reader.item(map, 1);
  ASSERT_TRUE(second.has_value());
  EXPECT_EQ(second->data(), map.as<float>() + 3);
  EXPECT_EQ(read(map, 1), (Floats{4, 5, 6}));
}

TEST(TensorReader, ReadsF16IncludingTheOddValues) {
  // IEEE 754 binary16: 1, -2, 65504 (largest), 2^-14 (least normal), 2^-24 (least subnormal), -0.
  const FeatureMap map = map_of<std::uint16_t>(spec_of(ElementType::kF16, {1, 6}),
                                               {0x3c00, 0xc000, 0x7bff, 0x0400, 0x0001, 0x8000});
  EXPECT_EQ(read(map), (Floats{1, -2, 65504, 0x1p-14F, 0x1p-24F, -0.0F}));
  const FeatureMap odd =
      map_of<std::uint16_t>(spec_of(ElementType::kF16, {1, 3}), {0x7c00, 0xfc00, 0x7e01});
  const Floats values = read(odd);
  EXPECT_EQ(values[0], std::numeric_limits<float>::infinity());
  EXPECT_EQ(values[1], -std::numeric_limits<float>::infinity());
  EXPECT_TRUE(std::isnan(values[2]));
}

TEST(TensorReader, ReadsBf16AndF64) {
  EXPECT_EQ(read(map_of<std::uint16_t>(spec_of(ElementType::kBf16, {1, 2}), {0x3fc0, 0xc120})),
            (Floats{1.5F, -10}));
  EXPECT_EQ(read(map_of<double>(spec_of(ElementType::kF64, {1, 2}), {0.25, -3})),
            (Floats{0.25F, -3}));
}

TEST(TensorReader, AppliesScaleAndZeroPoint) {
  TensorSpec spec = spec_of(ElementType::kU8, {2, 2});
  spec.quantization.scale = 0.5F;
  spec.quantization.zero_point = 128;
  EXPECT_EQ(read(map_of<std::uint8_t>(spec, {0, 128, 129, 255}), 1), (Floats{0.5F, 63.5F}));
  spec.type = ElementType::kI8;
  spec.quantization.zero_point = -4;
  EXPECT_EQ(read(map_of<std::int8_t>(spec, {-128, -4, 0, 127})), (Floats{-62, 0}));
}

TEST(TensorReader, AppliesAScalePerChannel) {
  TensorSpec spec = spec_of(ElementType::kI8, {2, 2, 2});
  spec.quantization.axis = 1;
  spec.quantization.channel_scales = {1, 10};
  EXPECT_EQ(read(map_of<std::int8_t>(spec, {0, 0, 0, 0, 1, 2, 3, 4}), 1), (Floats{1, 2, 30, 40}));
}

TEST(TensorReader, ReadsWideIntegers) {
  EXPECT_EQ(read(map_of<std::int64_t>(spec_of(ElementType::kI64, {1, 2}), {-7, 1LL << 40})),
            (Floats{-7, 0x1p40F}));
}

TEST(TensorReader, RefusesAnItemOutsideTheBatch) {
  const FeatureMap map = map_of<float>(f32_spec("scores", {2, 1}), {1, 2});
  TensorReader reader;
  const auto result = reader.item(map, 2);
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, Errc::kInvalidArgument);
  EXPECT_NE(result.error().message.find("'scores'"), std::string::npos) << result.error().message;
}

TEST(TensorReader, RefusesWhatItCannotRead) {
  TensorReader reader;
  EXPECT_EQ(
      reader.item(map_of<std::uint8_t>(spec_of(ElementType::kU4, {1, 2}), {0x21}), 0).error().code,
      Errc::kUnsupported);
  FeatureMap strided = map_of<float>(f32_spec("out", {1, 2}), {1, 2});
  strided.strides_bytes = {16, 8};
  EXPECT_EQ(reader.item(strided, 0).error().code, Errc::kUnsupported);
}

TEST(TensorReader, RefusesAMapLongerThanItsBuffer) {
  FeatureMap map = map_of<float>(f32_spec("out", {1, 2}), {1, 2});
  map.shape = {1, 3};
  TensorReader reader;
  EXPECT_EQ(reader.item(map, 0).error().code, Errc::kInvalidArgument);
  map.shape = {1, 2};
  map.offset = 4;
  EXPECT_EQ(reader.item(map, 0).error().code, Errc::kInvalidArgument);
}

TEST(TensorReader, RefusesScalesThatAreNotOneAChannel) {
  TensorSpec spec = spec_of(ElementType::kI8, {1, 3});
  spec.quantization.axis = 1;
  spec.quantization.channel_scales = {1, 10};
  TensorReader reader;
  EXPECT_EQ(reader.item(map_of<std::int8_t>(spec, {1, 2, 3}), 0).error().code,
            Errc::kInvalidArgument);
}

}  // namespace
}  // namespace penstock
