#include "engine/package/package_rules.h"

#include <gtest/gtest.h>

namespace penstock {
namespace {

PackageTensor tensor(const std::string& name, std::int64_t size, ElementType type) {
  PackageTensor one;
  one.name = name;
  one.type = type;
  one.shape = {1, 3, size, size};
  return one;
}

PackageVariant variant(const std::string& name, std::int64_t size) {
  PackageVariant one;
  one.name = name;
  one.model = name + ".onnx";
  one.inputs = {tensor("image", size, ElementType::kF32)};
  one.outputs = {tensor("boxes", size / 8, ElementType::kF32)};
  return one;
}

PackageNetwork network(const std::vector<PackageVariant>& variants) {
  PackageNetwork one;
  one.name = "n";
  one.variants = variants;
  return one;
}

std::string verdict(const Status& status) {
  return status.has_value() ? "fine" : status.error().message;
}

TEST(CheckVariants, LetsShapesDiffer) {
  EXPECT_EQ(verdict(check_variants(network({variant("small", 320), variant("large", 640)}))),
            "fine");
  PackageVariant silent = variant("silent", 320);
  silent.inputs.clear();
  silent.outputs.clear();
  EXPECT_EQ(verdict(check_variants(network({silent, variant("large", 640)}))), "fine");
}

TEST(CheckVariants, RefusesOtherNetworks) {
  PackageVariant other = variant("other", 320);
  other.outputs.push_back(tensor("scores", 40, ElementType::kF32));
  EXPECT_EQ(verdict(check_variants(network({variant("small", 320), other}))),
            "variants 'small' and 'other' are not the same network: 1 and 2 outputs; only shapes "
            "may differ");
  other = variant("other", 320);
  other.inputs = {tensor("picture", 320, ElementType::kF32)};
  EXPECT_EQ(verdict(check_variants(network({variant("small", 320), other}))),
            "variants 'small' and 'other' are not the same network: input 0 is 'image' f32 and "
            "'picture' f32; only shapes may differ");
  other.inputs = {tensor("image", 320, ElementType::kU8)};
  EXPECT_FALSE(check_variants(network({variant("small", 320), other})).has_value());
}

TEST(CheckVariants, LeavesTheInsideOfAChainAlone) {
  PackageVariant cut = variant("cut", 320);
  cut.preprocess = "pre.onnx";
  cut.inputs = {tensor("scaled", 320, ElementType::kF32)};
  EXPECT_EQ(verdict(check_variants(network({variant("whole", 320), cut}))), "fine");
  cut.outputs = {tensor("scores", 320, ElementType::kF32)};
  EXPECT_NE(verdict(check_variants(network({variant("whole", 320), cut}))), "fine");
}

TEST(CheckRoles, RefusesAFileThatIsTwoThings) {
  PackageInfo info;
  PackageVariant cut = variant("core", 96);
  cut.preprocess = "pre.onnx";
  info.networks = {network({cut, variant("core2", 96)})};
  EXPECT_EQ(verdict(check_roles(info)), "fine");
  info.networks[0].variants[1].model = "pre.onnx";
  EXPECT_EQ(verdict(check_roles(info)),
            "'pre.onnx' is 'preprocess' of network 'n', variant 'core' and 'model' of network "
            "'n', variant 'core2'; a file is one thing");
  info.networks[0].variants[1] = cut;
  EXPECT_EQ(verdict(check_roles(info)), "fine") << "one file, the same thing twice";
  info.networks[0].labels = "manifest.yaml";
  EXPECT_NE(verdict(check_roles(info)), "fine");
}

TEST(CheckLabelText, WantsLinesOfText) {
  EXPECT_EQ(verdict(check_label_text("person\r\ncaf\xC3\xA9\n\n")), "fine");
  EXPECT_EQ(verdict(check_label_text("person\n\xFF\xD8\xFF")),
            "line 2 is not text in UTF-8; line n of a label file is label n");
  EXPECT_EQ(verdict(check_label_text(std::string("a\0b", 3))),
            "line 1 is not text in UTF-8; line n of a label file is label n");
  EXPECT_EQ(verdict(check_label_text(" \n")), "has no labels");
}

}  // namespace
}  // namespace penstock
