#include "engine/tensor/feature_map.h"

#include <limits>

#include <gtest/gtest.h>

namespace penstock {
namespace {

std::shared_ptr<const TensorSpec> spec_of(Shape shape) {
  auto spec = std::make_shared<TensorSpec>();
  spec->name = "image";
  spec->type = ElementType::kF32;
  spec->shape = shape;
  spec->layout = "NC";
  return spec;
}

TEST(FeatureMap, LiesOnItsBufferBehindTheOffset) {
  auto map = make_feature_map(spec_of({Shape::kDynamic, 3}), {2, 3}, Buffer::allocate(32), 8);
  ASSERT_TRUE(map.has_value());
  EXPECT_TRUE(map->is_dense());
  EXPECT_EQ(map->data() - map->buffer.data(), 8);
}

TEST(FeatureMap, RefusesAShapeThatDoesNotFitAndNamesBoth) {
  const auto map = make_feature_map(spec_of({1, 3}), {2, 3}, Buffer::allocate(64));
  ASSERT_FALSE(map.has_value());
  EXPECT_EQ(map.error().code, Errc::kInvalidArgument);
  EXPECT_EQ(map.error().message, "tensor 'image': shape 2x3, its spec wants 1x3");
}

TEST(FeatureMap, RefusesABufferThatIsTooSmallAlsoForHugeOffsets) {
  const auto spec = spec_of({2, 3});
  EXPECT_TRUE(make_feature_map(spec, {2, 3}, Buffer::allocate(24)).has_value());
  EXPECT_FALSE(make_feature_map(spec, {2, 3}, Buffer::allocate(23)).has_value());
  EXPECT_FALSE(make_feature_map(spec, {2, 3}, Buffer::allocate(24), 1).has_value());
  EXPECT_FALSE(
      make_feature_map(spec, {2, 3}, Buffer::allocate(24), std::numeric_limits<std::size_t>::max())
          .has_value());
}

TEST(FeatureMap, RefusesAnOpenShape) {
  EXPECT_FALSE(make_feature_map(spec_of({Shape::kDynamic}), {Shape::kDynamic}, Buffer::allocate(8))
                   .has_value());
}

TEST(TensorSpec, PrintsTypeShapeAndLayout) {
  EXPECT_EQ(spec_of({1, 3})->to_string(), "f32 1x3 NC");
}

}  // namespace
}  // namespace penstock
