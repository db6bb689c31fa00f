#include "engine/tensor/shape.h"

#include <limits>

#include <gtest/gtest.h>

namespace penstock {
namespace {

constexpr std::int64_t kLarge = std::int64_t{1} << 40;

TEST(Shape, CountsElementsAndBytes) {
  const Shape shape{1, 300, 300, 3};
  EXPECT_EQ(shape.rank(), 4U);
  EXPECT_EQ(shape.element_count(), 270'000);
  EXPECT_EQ(shape.dense_bytes(ElementType::kF32), 1'080'000U);
  EXPECT_EQ(shape.to_string(), "1x300x300x3");
}

TEST(Shape, TakesAScalarAsOneElement) {
  EXPECT_EQ(Shape().element_count(), 1);
  EXPECT_EQ(Shape().to_string(), "scalar");
}

TEST(Shape, RoundsPackedHalfBytesUp) {
  EXPECT_EQ(Shape({3}).dense_bytes(ElementType::kU4), 2U);
  EXPECT_EQ(Shape({0}).dense_bytes(ElementType::kU4), 0U);
}

TEST(Shape, CannotCountOpenExtents) {
  const Shape open{1, Shape::kDynamic, 3};
  EXPECT_FALSE(open.is_static());
  EXPECT_FALSE(open.element_count().has_value());
  EXPECT_FALSE(open.dense_bytes(ElementType::kU8).has_value());
  EXPECT_EQ(open.to_string(), "1x?x3");
}

TEST(Shape, CannotCountMoreThan63Bits) {
  EXPECT_FALSE(Shape({kLarge, kLarge}).element_count().has_value());
  EXPECT_FALSE(
      Shape({std::numeric_limits<std::int64_t>::max()}).dense_bytes(ElementType::kF64).has_value());
}

TEST(Shape, ComparesRankAndExtents) {
  EXPECT_EQ(Shape({1, 2}), Shape({1, 2}));
  EXPECT_FALSE(Shape({1, 2}) == Shape({1, 2, 1}));
  EXPECT_FALSE(Shape({1, 2}) == Shape({2, 1}));
}

TEST(Shape, FitsWhereTheDeclaredExtentIsOpen) {
  EXPECT_TRUE(fits(Shape{8, 3, 4}, Shape{Shape::kDynamic, 3, 4}));
  EXPECT_FALSE(fits(Shape{8, 3, 5}, Shape{Shape::kDynamic, 3, 4}));
  EXPECT_FALSE(fits(Shape{3, 4}, Shape{Shape::kDynamic, 3, 4}));
}

TEST(Shape, RefusesMoreAxesThanItHolds) {
  EXPECT_DEATH(Shape({1, 2, 3, 4, 5, 6, 7, 8, 9}), "a shape of 9 axes");
}

}  // namespace
}  // namespace penstock
