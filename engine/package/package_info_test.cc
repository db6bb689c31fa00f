#include "engine/package/package_info.h"

#include <cstdlib>

#include <gtest/gtest.h>

namespace penstock {
namespace {

PackageVariant variant_with_scales() {
  PackageVariant variant;
  variant.name = "hd";
  PackageTensor image;
  image.name = "image";
  image.type = ElementType::kF32;
  image.scale = 1.0 / 255;
  image.zero_point = -128;
  image.padding = {{0, 0}, {1, 2}};
  PackageTensor boxes;
  boxes.name = "boxes";
  boxes.type = ElementType::kF32;
  boxes.scale = 0.5;
  variant.inputs = {image};
  variant.outputs = {boxes};
  return variant;
}

TEST(PackageInfo, GivesScalesAsOptionsOfALoad) {
  const auto options = quantization_options(variant_with_scales());
  const std::map<std::string, std::string> expected = {{"input_scale.image", "0.00392156862745098"},
                                                       {"input_zero_point.image", "-128"},
                                                       {"input_padding.image", "0:0,1:2"},
                                                       {"output_scale.boxes", "0.5"},
                                                       {"output_zero_point.boxes", "0"}};
  EXPECT_EQ(options, expected);
  EXPECT_EQ(std::strtod(options.at("input_scale.image").c_str(), nullptr), 1.0 / 255);
}

TEST(PackageInfo, KnowsWhichTensorsLackAScale) {
  PackageVariant variant = variant_with_scales();
  EXPECT_TRUE(tensors_without_scale(variant).empty());
  variant.outputs[0].scale.reset();
  EXPECT_EQ(tensors_without_scale(variant), std::vector<std::string>{"boxes"});
  variant.outputs[0].type = ElementType::kI64;
  EXPECT_TRUE(tensors_without_scale(variant).empty());
  EXPECT_EQ(tensors_without_scale(PackageVariant()), std::vector<std::string>{"*"});
}

}  // namespace
}  // namespace penstock
