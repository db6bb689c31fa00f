#include "engine/vision/yolov5_decoder.h"

#include <limits>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "engine/vision/test_maps.h"

namespace penstock {
namespace {

using testing::f32_spec;
using testing::map_of;

constexpr std::size_t kLabels = 2;
constexpr std::size_t kValues = 5 + kLabels;
constexpr float kLn3 = 1.0986123F;  // sigmoid = 3/4
constexpr Box kPicture{0, 0, 64, 64};

YoloV5Options options_for_test() {
  YoloV5Options options;
  options.detection.input = {64, 64};
  options.detection.labels = kLabels;
  options.detection.score = 0.3F;
  options.detection.iou = 0.5F;
  return options;
}

void expect_box(const Box& box, const Box& wanted) {
  EXPECT_NEAR(box.x, wanted.x, 1e-4F);
  EXPECT_NEAR(box.y, wanted.y, 1e-4F);
  EXPECT_NEAR(box.w, wanted.w, 1e-4F);
  EXPECT_NEAR(box.h, wanted.h, 1e-4F);
}

std::vector<Object> decode(const YoloV5Options& options,
                           const std::vector<TensorSpec>& specs,
                           const std::vector<std::vector<float>>& elements) {
  auto decoder = YoloV5Decoder::create(options, specs);
  EXPECT_TRUE(decoder.has_value()) << decoder.error().message;
  std::vector<FeatureMap> maps;
  for (std::size_t i = 0; i < specs.size(); ++i) {
    maps.push_back(map_of(specs[i], elements[i]));
  }
  DecodedObjects found;
  EXPECT_TRUE(decoder->decode(maps, 0, Affine{}, kPicture, found).has_value());
  return found.objects;
}

TEST(YoloV5Decoder, DecodesJoinedOutput) {
  const std::vector<Object> found = decode(options_for_test(),
                                           {f32_spec("output", {1, 3, kValues})},
                                           {{20, 30, 10, 20, 0.8F, 0.25F, 0.5F,     // 0.8 * 0.5
                                             50, 50, 10, 10, 0.5F, 0.5F,  0.1F,     // 0.25: too low
                                             40, 30, 10, 20, 0.1F, 9.0F,  0.1F}});  // no object
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].box, (Box{15, 20, 10, 20}));
  EXPECT_EQ(found[0].label, 1);
  EXPECT_FLOAT_EQ(found[0].score, 0.4F);
}

TEST(YoloV5Decoder, PrefersTheJoinedOutputToTheHeadsBesideIt) {
  const std::vector<TensorSpec> specs = {f32_spec("head", {1, 3, 8, 8, kValues}),
                                         f32_spec("output", {1, 1, kValues})};
  const std::vector<Object> found =
      decode(options_for_test(),
             specs,
             {std::vector<float>(3 * 8 * 8 * kValues, 5), {20, 30, 10, 20, 0.8F, 0.9F, 0}});
  ASSERT_EQ(found.size(), 1U);
}

// Heads of 8x8, 4x4 and 2x2 cells, strides 8, 16 and 32, in an order of their own.
const std::vector<std::int64_t> kGrids = {4, 8, 2};

struct RawHeads {
  bool is_planar = false;
  std::vector<std::vector<float>> elements;

  explicit RawHeads(bool planar) : is_planar(planar) {
    for (const std::int64_t grid : kGrids) {
      elements.emplace_back(static_cast<std::size_t>(3 * grid * grid) * kValues, -20.0F);
    }
  }

  [[nodiscard]] std::vector<TensorSpec> specs() const {
    std::vector<TensorSpec> specs;
    for (const std::int64_t grid : kGrids) {
      const std::string name = "head" + std::to_string(grid);
      specs.push_back(is_planar ? f32_spec(name, {1, 3 * kValues, grid, grid})
                                : f32_spec(name, {1, 3, grid, grid, kValues}));
    }
    return specs;
  }

  void set(std::size_t head,
           std::size_t anchor,
           std::size_t cell,
           const std::array<float, kValues>& values) {
    const auto cells = static_cast<std::size_t>(kGrids[head] * kGrids[head]);
    for (std::size_t k = 0; k < kValues; ++k) {
      elements[head][is_planar ? (anchor * kValues + k) * cells + cell
                               : (anchor * cells + cell) * kValues + k] = values[k];
    }
  }
};

class YoloV5RawHeads : public ::testing::TestWithParam<bool> {};

INSTANTIATE_TEST_SUITE_P(BothForms, YoloV5RawHeads, ::testing::Bool());

TEST_P(YoloV5RawHeads, AppliesGridStrideAndAnchor) {
  RawHeads heads(GetParam());
  // 8x8 head (stride 8), anchor 1 of 16x30, column 2, row 3; all sigmoids 1/2 but the size's:
  // centre (2.5, 3.5) * 8 = (20, 28); width 16, height (2 * 3/4)^2 * 30 = 67.5: -5.75 to 61.75.
  heads.set(1, 1, 3 * 8 + 2, {0, 0, 0, kLn3, kLn3, -20, kLn3});
  // 4x4 head (stride 16), anchor 0 of 30x61, column 3, row 0: centre (3.5, 0 + 2 * 3/4 - 1/2) * 16
  // = (56, 16); 41 to 71 and -14.5 to 46.5, clipped to the picture.
  heads.set(0, 0, 3, {0, kLn3, 0, 0, kLn3, 0, -20});
  const std::vector<Object> found = decode(options_for_test(), heads.specs(), heads.elements);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_NEAR(found[0].score, 0.5625F, 1e-6F);  // 3/4 * 3/4
  EXPECT_EQ(found[0].label, 1);
  expect_box(found[0].box, {12, 0, 16, 61.75F});
  EXPECT_NEAR(found[1].score, 0.375F, 1e-6F);  // 3/4 * 1/2
  EXPECT_EQ(found[1].label, 0);
  expect_box(found[1].box, {41, 0, 23, 46.5F});
}

TEST_P(YoloV5RawHeads, GivesTheLastAnchorsToTheCoarsestHead) {
  YoloV5Options options = options_for_test();
  options.anchors = {{4, 4}, {5, 5}, {6, 6}, {7, 7}, {8, 8}, {9, 9}, {10, 10}, {11, 11}, {12, 14}};
  RawHeads heads(GetParam());
  heads.set(2, 2, 0, {0, 0, 0, 0, 5, 5, -20});  // centre (16, 16)
  const std::vector<Object> found = decode(options, heads.specs(), heads.elements);
  ASSERT_EQ(found.size(), 1U);
  expect_box(found[0].box, {10, 9, 12, 14});
}

TEST_P(YoloV5RawHeads, LeavesOutBrokenNumbers) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float infinity = std::numeric_limits<float>::infinity();
  RawHeads heads(GetParam());
  heads.set(1, 0, 0, {0, 0, 0, 0, nan, 5, 0});
  heads.set(1, 0, 1, {0, 0, 0, 0, infinity, 5, 0});
  heads.set(1, 0, 2, {0, 0, 0, 0, 5, nan, nan});
  heads.set(1, 0, 3, {nan, 0, 0, 0, 5, 5, 0});
  heads.set(1, 0, 4, {0, 0, -infinity, 0, 5, 5, 0});
  EXPECT_TRUE(decode(options_for_test(), heads.specs(), heads.elements).empty());
}

TEST(YoloV5Decoder, ReadsItsItemOfABatch) {
  const std::vector<TensorSpec> specs = {f32_spec("output", {Shape::kDynamic, 1, kValues})};
  auto decoder = YoloV5Decoder::create(options_for_test(), specs);
  ASSERT_TRUE(decoder.has_value());
  const std::vector<FeatureMap> maps = {map_of<float>(
      f32_spec("output", {2, 1, kValues}), {0, 0, 0, 0, 0, 0, 0, 20, 30, 10, 20, 0.8F, 0.5F, 0})};
  DecodedObjects found;
  ASSERT_TRUE(decoder->decode(maps, 1, Affine{}, kPicture, found).has_value());
  EXPECT_EQ(found.objects.size(), 1U);
  EXPECT_FALSE(decoder->decode(maps, 2, Affine{}, kPicture, found).has_value());
}

TEST(YoloV5Decoder, NamesTheOutputThatDoesNotFit) {
  const auto message_for = [](const YoloV5Options& options, const std::vector<TensorSpec>& specs) {
    const Status status = YoloV5Decoder::check(options, specs);
    return status.has_value() ? std::string() : status.error().message;
  };
  YoloV5Options options = options_for_test();
  options.detection.labels = 80;
  options.anchors.resize(3);
  EXPECT_EQ(message_for(options, {f32_spec("output0", {1, 84, 8400})}),
            "output 'output0': shape 1x84x8400; decoder yolov5 wants 1xNx85 joined, or raw heads "
            "1x3xHxWx85 or 1x(3*85)xHxW");
  EXPECT_EQ(message_for(options, {f32_spec("head", {1, 3, 5, 8, 85})}),
            "output 'head': shape 1x3x5x8x85; decoder yolov5 wants a grid HxW that divides the "
            "input 64x64");
  EXPECT_EQ(message_for(options, {}), "the model has 0 outputs; decoder yolov5 wants at least 1");
  options.anchors.resize(4, {10, 10});
  const TensorSpec head = f32_spec("head", {1, 3, 8, 8, 85});
  EXPECT_EQ(message_for(options, {head, head, head}),
            "anchors: 4 for 3 raw heads; decoder yolov5 wants the same number for each");
}

}  // namespace
}  // namespace penstock
