#include "engine/tensor/kernels/tap_table.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace penstock {
namespace {

TEST(AxisTaps, AlignPixelCentres) {
  const AxisTaps taps = bilinear_taps(4, 2);
  EXPECT_EQ(taps.index, (std::vector<std::int32_t>{0, 2}));
  EXPECT_EQ(taps.weight, (std::vector<float>{0.5F, 0.5F}));
  EXPECT_FALSE(taps.is_single());
}

TEST(AxisTaps, NeedOneSampleAtAnExactThird) {
  const AxisTaps taps = bilinear_taps(1920, 640);
  EXPECT_TRUE(taps.is_single());
  EXPECT_EQ(taps.index[0], 1);
  EXPECT_EQ(taps.index[639], 1918);
}

TEST(AxisTaps, CopyAtTheSameSize) {
  const AxisTaps taps = bilinear_taps(5, 5);
  EXPECT_TRUE(taps.is_single());
  EXPECT_EQ(taps.index, (std::vector<std::int32_t>{0, 1, 2, 3, 4}));
}

TEST(AxisTaps, StayInsideTheSourceWhenScalingUp) {
  const AxisTaps taps = bilinear_taps(2, 8);
  EXPECT_EQ(taps.index.front(), 0);
  EXPECT_EQ(taps.weight.front(), 0.0F);
  EXPECT_EQ(taps.index.back(), 1);
  EXPECT_EQ(taps.weight.back(), 0.0F);
  EXPECT_EQ(taps.weight[3], 0.375F);
}

TEST(TapTable, ShufflesWhereAGroupFitsIntoALoad) {
  const TapTable table = tap_table(bilinear_taps(1920, 640), 1920, 1, SegmentShape{16, 64, true});
  EXPECT_EQ(table.fetch, TapTable::Fetch::kShuffle);
  ASSERT_EQ(table.groups.size(), 40U);
  EXPECT_EQ(table.groups[1].offset[0], 49);
  EXPECT_EQ(table.groups[1].control[4], 3);
  EXPECT_EQ(table.groups[1].control[5], TapTable::kZeroByte);
}

TEST(TapTable, TakesTwoLoadsForWiderSteps) {
  const TapTable table = tap_table(bilinear_taps(1920, 320), 1920, 1, SegmentShape{16, 64, true});
  EXPECT_EQ(table.fetch, TapTable::Fetch::kShuffleDouble);
}

TEST(TapTable, GathersWhereNoLoadIsWideEnough) {
  const AxisTaps taps = bilinear_taps(1920, 100);
  EXPECT_EQ(tap_table(taps, 1920, 1, SegmentShape{16, 64, true}).fetch, TapTable::Fetch::kGather);
  EXPECT_EQ(tap_table(taps, 1920, 1, SegmentShape{4, 16, false}).fetch, TapTable::Fetch::kGather);
}

TEST(TapTable, NeverLoadsPastTheEndOfARow) {
  for (int width = 22; width < 400; width += 7) {
    for (int pixel_bytes = 1; pixel_bytes <= 3; ++pixel_bytes) {
      const int row_bytes = component_bytes(width, pixel_bytes);
      for (const SegmentShape segment : {SegmentShape{16, 64, true}, SegmentShape{4, 16, false}}) {
        if (row_bytes < segment.bytes) {
          continue;
        }
        const TapTable table = tap_table(bilinear_taps(width, 23), width, pixel_bytes, segment);
        const bool gathers = table.fetch == TapTable::Fetch::kGather;
        const bool doubles = table.fetch == TapTable::Fetch::kShuffleDouble;
        const int load = gathers ? 4 : segment.bytes * (doubles ? 2 : 1);
        const int loads = gathers ? 16 : 16 / segment.outputs;
        for (const TapTable::Group& group : table.groups) {
          for (int i = 0; i < loads; ++i) {
            ASSERT_GE(group.offset[static_cast<std::size_t>(i)], 0);
            ASSERT_LE(group.offset[static_cast<std::size_t>(i)] + load, row_bytes)
                << width << " x " << pixel_bytes;
          }
        }
      }
    }
  }
}

TEST(TapTable, HoldsNoGroupsForARowShorterThanALoad) {
  const TapTable table = tap_table(bilinear_taps(15, 4), 15, 1, SegmentShape{4, 16, false});
  EXPECT_TRUE(table.groups.empty());
  EXPECT_EQ(table.first.size(), 4U);
}

TEST(TapTable, RepeatsTheLastPixelAtTheEndOfARow) {
  const TapTable table = tap_table(bilinear_taps(3, 3), 3, 2, SegmentShape{16, 64, true});
  EXPECT_EQ(table.first, (std::vector<std::int32_t>{0, 2, 4}));
  EXPECT_EQ(table.second, (std::vector<std::int32_t>{2, 4, 4}));
}

}  // namespace
}  // namespace penstock
