#include "engine/tensor/shape_bucket.h"

#include <array>
#include <vector>

#include <gtest/gtest.h>

namespace penstock {
namespace {

ShapeBucket picture(std::int64_t batch, std::int64_t side) {
  return {{Shape({batch, 3, side, side})}, {Shape({batch, side / 8, 6})}};
}

const std::vector<ShapeBucket> kSizes = {picture(1, 320), picture(1, 640)};

std::optional<std::size_t> choose(const Shape& input) {
  const std::array<Shape, 1> inputs{input};
  return choose_bucket(kSizes, inputs);
}

TEST(ShapeBucket, IsChosenAsTheFirstThatTheInputsFitInto) {
  EXPECT_EQ(choose({1, 3, 320, 320}), 0U);
  EXPECT_EQ(choose({1, 3, 200, 320}), 0U);
  EXPECT_EQ(choose({1, 3, 321, 320}), 1U);
  EXPECT_EQ(choose({1, 3, 640, 640}), 1U);
}

TEST(ShapeBucket, TakesNothingThatIsLargerInOneExtentOrOfAnotherRank) {
  EXPECT_FALSE(choose({1, 3, 32, 641}).has_value());
  EXPECT_FALSE(choose({2, 3, 32, 32}).has_value());
  EXPECT_FALSE(choose({3, 320, 320}).has_value());
}

TEST(ShapeBucket, WantsRoomForAllInputs) {
  const std::vector<ShapeBucket> buckets = {{{Shape({1, 8}), Shape({1, 8})}, {}},
                                            {{Shape({1, 64}), Shape({1, 64})}, {}}};
  EXPECT_EQ(choose_bucket(buckets, std::vector<Shape>{Shape({1, 8}), Shape({1, 9})}), 1U);
  EXPECT_FALSE(choose_bucket(buckets, std::vector<Shape>{Shape({1, 8})}).has_value());
}

TEST(ShapeBucket, CutsRowsOffOutputsWhereAllPortsHaveTheBatch) {
  const ShapeBucket batched = picture(4, 320);
  EXPECT_EQ(batch_of(batched), 4);
  EXPECT_EQ(output_shape_of(batched, 0, 3), Shape({3, 40, 6}));
  EXPECT_EQ(output_shape_of(batched, 0, 4), Shape({4, 40, 6}));
}

TEST(ShapeBucket, KeepsOutputsWhoseFirstExtentIsNoBatch) {
  const ShapeBucket folded{{Shape({4, 3, 8, 8})}, {Shape({1, 400, 6})}};
  EXPECT_FALSE(batch_of(folded).has_value());
  EXPECT_EQ(output_shape_of(folded, 0, 3), Shape({1, 400, 6}));
}

TEST(ShapeBucket, IsAsLargeAsTheElementsOfItsInputs) {
  EXPECT_EQ(size_of(picture(1, 320)), 3 * 320 * 320);
  EXPECT_LT(size_of(picture(4, 320)), size_of(picture(2, 640)));
}

}  // namespace
}  // namespace penstock
