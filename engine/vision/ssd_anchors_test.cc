#include "engine/vision/ssd_anchors.h"

#include <gtest/gtest.h>

namespace penstock {
namespace {

// Expected numbers are worked out by hand from the formulae in the header.
void expect_anchor(const SsdAnchor& anchor, const SsdAnchor& wanted) {
  EXPECT_NEAR(anchor.y, wanted.y, 1e-6F);
  EXPECT_NEAR(anchor.x, wanted.x, 1e-6F);
  EXPECT_NEAR(anchor.h, wanted.h, 1e-6F);
  EXPECT_NEAR(anchor.w, wanted.w, 1e-6F);
}

TEST(SsdAnchors, MakesThePresetOfTheOpenImagesModel) {
  const auto options = ssd_anchor_preset("mobilenet_v2_oid_300");
  ASSERT_TRUE(options.has_value());
  const auto made = make_ssd_anchors(*options, {300, 300});
  ASSERT_TRUE(made.has_value());
  const std::vector<SsdAnchor>& anchors = *made;
  // 19 * 19 * 3 + (10 * 10 + 5 * 5 + 3 * 3 + 2 * 2 + 1) * 6
  ASSERT_EQ(anchors.size(), 1917U);
  const float cell = 0.5F / 19;
  expect_anchor(anchors[0], {cell, cell, 0.1F, 0.1F});
  expect_anchor(anchors[1], {cell, cell, 0.1414214F, 0.2828427F});  // 0.2 at ratio 2
  expect_anchor(anchors[2], {cell, cell, 0.2828427F, 0.1414214F});
  expect_anchor(anchors[3], {cell, 3 * cell, 0.1F, 0.1F});  // x runs first
  expect_anchor(anchors[57], {3 * cell, cell, 0.1F, 0.1F});
  expect_anchor(anchors[1083], {0.05F, 0.05F, 0.35F, 0.35F});            // level 1: 0.2 + 0.75 / 5
  expect_anchor(anchors[1086], {0.05F, 0.05F, 0.2020726F, 0.6062178F});  // ratio 3
  expect_anchor(anchors[1088], {0.05F, 0.05F, 0.4183300F, 0.4183300F});  // sqrt(0.35 * 0.5)
  expect_anchor(anchors[1911], {0.5F, 0.5F, 0.95F, 0.95F});
  expect_anchor(anchors[1916], {0.5F, 0.5F, 0.9746794F, 0.9746794F});  // sqrt(0.95 * 1)
}

TEST(SsdAnchors, FollowsAnInputThatIsNotSquare) {
  SsdAnchorOptions options;
  options.strides = {100};
  options.ratios = {1};
  options.min_scale = 0.5F;
  options.is_first_level_reduced = false;
  options.has_in_between_box = false;
  const auto anchors = make_ssd_anchors(options, {.width = 250, .height = 100});
  ASSERT_TRUE(anchors.has_value());
  ASSERT_EQ(anchors->size(), 3U);
  expect_anchor((*anchors)[2], {0.5F, 2.5F / 3, 0.5F, 0.5F});
}

TEST(SsdAnchors, RefusesOptionsThatMakeNoBoxes) {
  const SsdAnchorOptions good = *ssd_anchor_preset("mobilenet_v2_oid_300");
  EXPECT_FALSE(make_ssd_anchors(good, {0, 300}).has_value());
  SsdAnchorOptions options = good;
  options.strides.clear();
  EXPECT_FALSE(make_ssd_anchors(options, {300, 300}).has_value());
  options = good;
  options.strides[2] = 0;
  EXPECT_FALSE(make_ssd_anchors(options, {300, 300}).has_value());
  options = good;
  options.ratios = {-1};
  EXPECT_FALSE(make_ssd_anchors(options, {300, 300}).has_value());
}

TEST(SsdAnchors, RefusesMoreThanAMillionBoxes) {
  SsdAnchorOptions options;
  options.strides = {1};
  EXPECT_FALSE(make_ssd_anchors(options, {4096, 4096}).has_value());
}

TEST(SsdAnchors, KnowsNoOtherPreset) {
  EXPECT_FALSE(ssd_anchor_preset("mobilenet").has_value());
}

}  // namespace
}  // namespace penstock
