#include "drivers/sim/port_codec.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace penstock::sim {
namespace {

TensorSpec port(const Shape& shape, const std::string& layout = "") {
  TensorSpec spec;
  spec.name = "p";
  spec.type = ElementType::kF32;
  spec.shape = shape;
  spec.layout = layout;
  return spec;
}

NumberFormat int8(int pad = 1) {
  NumberFormat format;
  format.pad_channels = pad;
  return format;
}

NumberFormat bf16() {
  NumberFormat format;
  format.kind = NumberFormat::Kind::kBf16;
  return format;
}

PortScale scale(float factor, int zero_point = 0) {
  PortScale result;
  result.is_given = true;
  result.scale = factor;
  result.zero_point = zero_point;
  return result;
}

std::vector<float> through(const PortCodec& codec, const std::vector<float>& values) {
  std::vector<float> result(values.size());
  std::vector<std::byte> image;
  codec.to_model(reinterpret_cast<const std::byte*>(values.data()),
                 reinterpret_cast<std::byte*>(result.data()),
                 image);
  return result;
}

std::vector<int> image_of(const PortCodec& codec, const std::vector<float>& values, PortScale s) {
  std::vector<std::byte> image;
  codec.encode(reinterpret_cast<const std::byte*>(values.data()), true, s, image);
  std::vector<int> result;
  for (const std::byte each : image) {
    result.push_back(static_cast<std::int8_t>(each));
  }
  return result;
}

TEST(PortCodec, RoundsHalfToEvenAndClips) {
  const auto codec =
      PortCodec::create(port({1, 6}), int8(), scale(1, 0), PortCodec::Ports::kHost).value();
  EXPECT_EQ(through(codec, {0.5F, 1.5F, 2.5F, -0.5F, 300, -300}),
            (std::vector<float>{0, 2, 2, 0, 127, -128}));
}

TEST(PortCodec, QuantisesWithScaleAndZeroPoint) {
  const auto codec =
      PortCodec::create(port({1, 2}), int8(), scale(0.5F, 10), PortCodec::Ports::kHost).value();
  EXPECT_EQ(image_of(codec, {1, -3}, scale(0.5F, 10)), (std::vector<int>{12, 4}));
  EXPECT_EQ(through(codec, {1, -3}), (std::vector<float>{1, -3}));
}

TEST(PortCodec, PutsChannelsLastAndPadsThemWithTheZeroPoint) {
  // 2 channels of 1x3: channel 0 is 1 2 3, channel 1 is 4 5 6.
  const auto codec =
      PortCodec::create(port({1, 2, 1, 3}, "NCHW"), int8(4), scale(1, 7), PortCodec::Ports::kHost)
          .value();
  EXPECT_EQ(codec.image_bytes(), 12U);
  EXPECT_EQ(image_of(codec, {1, 2, 3, 4, 5, 6}, scale(1, 7)),
            (std::vector<int>{8, 11, 7, 7, 9, 12, 7, 7, 10, 13, 7, 7}));
  EXPECT_EQ(through(codec, {1, 2, 3, 4, 5, 6}), (std::vector<float>{1, 2, 3, 4, 5, 6}));
}

TEST(PortCodec, ShowsTheDevicesOwnTensorWhereThatIsAskedFor) {
  const auto codec =
      PortCodec::create(port({1, 2, 1, 3}, "NCHW"), int8(4), scale(2, 1), PortCodec::Ports::kDevice)
          .value();
  EXPECT_EQ(codec.port().type, ElementType::kI8);
  EXPECT_EQ(codec.port().shape, (Shape{1, 1, 3, 2}));
  EXPECT_EQ(codec.port().layout, "NHWC");
  EXPECT_EQ(codec.port().padding, (Shape{0, 0, 0, 2}));
  EXPECT_EQ(codec.port().quantization.scale, 2);
  EXPECT_EQ(codec.port().quantization.zero_point, 1);
  const std::vector<std::int8_t> stored = {1, 2, 3, 4, 5, 6};
  std::vector<float> model(6);
  std::vector<std::byte> image;
  codec.to_model(reinterpret_cast<const std::byte*>(stored.data()),
                 reinterpret_cast<std::byte*>(model.data()),
                 image);
  EXPECT_EQ(model, (std::vector<float>{0, 4, 8, 2, 6, 10}));
  std::vector<std::int8_t> back(6);
  codec.to_caller(reinterpret_cast<const std::byte*>(model.data()),
                  reinterpret_cast<std::byte*>(back.data()),
                  image);
  EXPECT_EQ(back, stored);
}

TEST(PortCodec, TakesAScaleFromTheDataWhereNoneIsGiven) {
  PortScale dynamic;
  dynamic.is_dynamic = true;
  const auto codec =
      PortCodec::create(port({1, 3}), int8(), dynamic, PortCodec::Ports::kHost).value();
  const auto result = through(codec, {-1, 0, 4});
  EXPECT_NEAR(result[0], -1, 0.02);
  EXPECT_EQ(result[1], 0) << "zero is exact";
  EXPECT_NEAR(result[2], 4, 0.02);
}

TEST(PortCodec, ShortensToBf16) {
  const auto codec =
      PortCodec::create(port({1, 3}), bf16(), PortScale(), PortCodec::Ports::kHost).value();
  EXPECT_EQ(through(codec, {1.0F, 1.001F, 1.00390625F}),
            (std::vector<float>{1.0F, 1.0F, 1.0078125F}));
  EXPECT_EQ(codec.image_bytes(), 6U);
}

TEST(PortCodec, KeepsWholeNumbersAsTheyAre) {
  TensorSpec spec = port({1, 3});
  spec.type = ElementType::kI32;
  const auto codec =
      PortCodec::create(spec, int8(), scale(0.1F), PortCodec::Ports::kDevice).value();
  EXPECT_EQ(codec.port().type, ElementType::kI32);
  const std::vector<std::int32_t> values = {-5, 70000, 3};
  std::vector<std::int32_t> result(3);
  std::vector<std::byte> image;
  codec.to_model(reinterpret_cast<const std::byte*>(values.data()),
                 reinterpret_cast<std::byte*>(result.data()),
                 image);
  EXPECT_EQ(result, values);
}

TEST(PortCodec, RefusesWhatIsNoScale) {
  const auto complaint = [](const PortScale& wrong) {
    const auto codec = PortCodec::create(port({1, 3}), int8(), wrong, PortCodec::Ports::kHost);
    return codec.has_value() ? std::string() : codec.error().message;
  };
  const float infinity = std::numeric_limits<float>::infinity();
  for (const float wrong : {0.0F, -1.0F, 1e-40F, infinity, std::nanf(""), -std::nanf("")}) {
    EXPECT_NE(complaint(scale(wrong)).find("must be a normal f32 above 0"), std::string::npos)
        << wrong;
  }
  EXPECT_EQ(complaint(scale(infinity)).find("port 'p' ("), 0U) << complaint(scale(infinity));
  EXPECT_NE(complaint(scale(1, 128)).find(": zero point 128 must be from -128 to 127"),
            std::string::npos)
      << complaint(scale(1, 128));
  EXPECT_EQ(complaint(scale(1, -128)), "");
}

TEST(PortCodec, RefusesWhatItCannotFix) {
  EXPECT_EQ(PortCodec::create(port({1, Shape::kDynamic}), int8(), scale(1), PortCodec::Ports::kHost)
                .error()
                .code,
            Errc::kUnsupported);
  PortScale dynamic;
  dynamic.is_dynamic = true;
  EXPECT_NE(PortCodec::create(port({1, 3}), int8(), dynamic, PortCodec::Ports::kDevice)
                .error()
                .message.find("scale"),
            std::string::npos);
}

}  // namespace
}  // namespace penstock::sim
