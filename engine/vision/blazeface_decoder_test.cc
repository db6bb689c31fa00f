#include "engine/vision/blazeface_decoder.h"

#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "engine/vision/test_maps.h"

namespace penstock {
namespace {

using testing::f32_spec;
using testing::map_of;

constexpr std::size_t kProposals = 896;  // 16 * 16 * 2 + 8 * 8 * 6
constexpr std::size_t kWidth = 16;       // 4 + 2 * 6 key points
constexpr float kLn3 = 1.0986123F;       // sigmoid = 3/4
constexpr Box kPicture{0, 0, 256, 256};
const Affine kToSource = Affine::scale_and_shift(2, 2, 0, 0);

BlazefaceOptions options_for_test() {
  BlazefaceOptions options;
  options.detection.input = {128, 128};
  options.detection.score = 0.4F;
  options.detection.iou = 0.3F;
  return options;
}

std::vector<TensorSpec> joined_specs() {
  return {f32_spec("regressors", {1, kProposals, kWidth}),
          f32_spec("classificators", {1, kProposals, 1})};
}

std::vector<TensorSpec> split_specs() {
  return {f32_spec("Identity:0", {1, 512, 1}),
          f32_spec("Identity_1:0", {1, 384, 1}),
          f32_spec("Identity_2:0", {1, 512, kWidth}),
          f32_spec("Identity_3:0", {1, 384, kWidth})};
}

// The outputs of a picture without a face, to be written into.
struct HeadOutputs {
  std::vector<float> logits = std::vector<float>(kProposals, -20.0F);
  std::vector<float> regressors = std::vector<float>(kProposals * kWidth);

  // Key point k lies at (k, -k) from the cell's centre.
  void set(std::size_t row, float logit, const std::array<float, 4>& box) {
    logits[row] = logit;
    float* values = &regressors[row * kWidth];
    std::copy(box.begin(), box.end(), values);
    for (std::size_t k = 0; k < 6; ++k) {
      values[4 + 2 * k] = static_cast<float>(k);
      values[5 + 2 * k] = -static_cast<float>(k);
    }
  }

  [[nodiscard]] std::vector<FeatureMap> joined() const {
    return {map_of(joined_specs()[0], regressors), map_of(joined_specs()[1], logits)};
  }

  [[nodiscard]] std::vector<FeatureMap> split() const {
    const auto part = [](const std::vector<float>& all, std::size_t first, std::size_t count) {
      const auto begin = all.begin() + static_cast<std::ptrdiff_t>(first);
      return std::vector<float>(begin, begin + static_cast<std::ptrdiff_t>(count));
    };
    const std::vector<TensorSpec> specs = split_specs();
    return {map_of(specs[0], part(logits, 0, 512)),
            map_of(specs[1], part(logits, 512, 384)),
            map_of(specs[2], part(regressors, 0, 512 * kWidth)),
            map_of(specs[3], part(regressors, 512 * kWidth, 384 * kWidth))};
  }
};

DecodedObjects decode(const BlazefaceOptions& options, const HeadOutputs& outputs) {
  auto decoder = BlazefaceDecoder::create(options, joined_specs());
  EXPECT_TRUE(decoder.has_value());
  DecodedObjects found;
  EXPECT_TRUE(decoder->decode(outputs.joined(), 0, kToSource, kPicture, found).has_value());
  return found;
}

void expect_box(const Box& box, const Box& wanted) {
  EXPECT_NEAR(box.x, wanted.x, 1e-4F);
  EXPECT_NEAR(box.y, wanted.y, 1e-4F);
  EXPECT_NEAR(box.w, wanted.w, 1e-4F);
  EXPECT_NEAR(box.h, wanted.h, 1e-4F);
}

// Second box of the cell in column 5, row 3 of the 16x16 grid: its centre is at (44, 28).
constexpr std::size_t kFine = 2 * (3 * 16 + 5) + 1;
// Last box of the cell in column 7, row 7 of the 8x8 grid: its centre is at (120, 120).
constexpr std::size_t kCoarse = 512 + 6 * 63 + 5;

TEST(BlazefaceDecoder, DecodesBoxAndKeyPointsIntoTheSourcePicture) {
  HeadOutputs outputs;
  outputs.set(kFine, kLn3, {4, -8, 20, 30});  // centre (48, 20): x 38, y 5
  outputs.set(kCoarse, 0, {0, 0, 30, 10});    // x 105 to 135, cut at 128
  const DecodedObjects found = decode(options_for_test(), outputs);
  ASSERT_EQ(found.objects.size(), 2U);
  expect_box(found.objects[0].box, {76, 10, 40, 60});
  EXPECT_NEAR(found.objects[0].score, 0.75F, 1e-6F);
  EXPECT_EQ(found.objects[0].label, 0);
  expect_box(found.objects[1].box, {210, 230, 46, 20});
  ASSERT_EQ(found.keypoints_per_object, 6U);
  ASSERT_EQ(found.keypoints.size(), 12U);
  EXPECT_EQ(found.keypoints_of(0)[5].at, (Point{2 * (44 + 5), 2 * (28 - 5)}));
  EXPECT_EQ(found.keypoints_of(1)[0].at, (Point{240, 240}));
  EXPECT_NEAR(found.keypoints_of(0)[5].score, 0.75F, 1e-6F);
}

TEST(BlazefaceDecoder, ReadsAPairOfOutputsForEachGrid) {
  HeadOutputs outputs;
  outputs.set(kFine, kLn3, {4, -8, 20, 30});
  outputs.set(kCoarse, 0, {0, 0, 30, 10});
  auto decoder = BlazefaceDecoder::create(options_for_test(), split_specs());
  ASSERT_TRUE(decoder.has_value()) << decoder.error().message;
  DecodedObjects found;
  ASSERT_TRUE(decoder->decode(outputs.split(), 0, kToSource, kPicture, found).has_value());
  const DecodedObjects joined = decode(options_for_test(), outputs);
  ASSERT_EQ(found.objects.size(), 2U);
  EXPECT_EQ(found.objects[0].box, joined.objects[0].box);
  EXPECT_EQ(found.objects[1].box, joined.objects[1].box);
  EXPECT_EQ(found.keypoints_of(1)[3].at, joined.keypoints_of(1)[3].at);
}

TEST(BlazefaceDecoder, AveragesTheProposalsOfOneFaceByScore) {
  HeadOutputs outputs;
  outputs.set(kFine, kLn3, {0, 0, 20, 20});   // weight 0.75 at x 44
  outputs.set(kFine - 1, 0, {5, 0, 20, 20});  // weight 0.5 at x 49: overlap 15/25
  const DecodedObjects mean = decode(options_for_test(), outputs);
  ASSERT_EQ(mean.objects.size(), 1U);
  // Centre (0.75 * 44 + 0.5 * 49) / 1.25 = 46, so from 36 on, doubled.
  expect_box(mean.objects[0].box, {72, 36, 40, 40});
  EXPECT_NEAR(mean.objects[0].score, 0.75F, 1e-6F);

  BlazefaceOptions options = options_for_test();
  options.has_weighted_suppression = false;
  const DecodedObjects best = decode(options, outputs);
  ASSERT_EQ(best.objects.size(), 1U);
  expect_box(best.objects[0].box, {68, 36, 40, 40});
}

TEST(BlazefaceDecoder, DecodesTheFarRangeModel) {
  BlazefaceOptions options = options_for_test();
  options.preset = "full";
  options.detection.input = {192, 192};
  const std::vector<TensorSpec> specs = {f32_spec("Identity", {1, 2304, 16}),
                                         f32_spec("Identity_1", {1, 2304, 1})};
  auto decoder = BlazefaceDecoder::create(options, specs);
  ASSERT_TRUE(decoder.has_value());
  std::vector<float> regressors(2304 * 16);
  std::vector<float> logits(2304, -20);
  const std::size_t row = 48 * 10 + 20;  // Centre (20.5, 10.5) * 4 = (82, 42).
  logits[row] = 3;
  regressors[row * 16 + 2] = 10;
  regressors[row * 16 + 3] = 12;
  const std::vector<FeatureMap> maps = {map_of(specs[0], regressors), map_of(specs[1], logits)};
  DecodedObjects found;
  ASSERT_TRUE(decoder->decode(maps, 0, Affine{}, {0, 0, 192, 192}, found).has_value());
  ASSERT_EQ(found.objects.size(), 1U);
  expect_box(found.objects[0].box, {77, 36, 10, 12});
}

TEST(BlazefaceDecoder, TakesGridsAndPointsOfARelativeOfTheFamily) {
  BlazefaceOptions options = options_for_test();
  options.preset.clear();
  options.grids = {{.rows = 1, .cols = 2, .per_cell = 1}};
  const std::vector<TensorSpec> specs = {f32_spec("scores", {1, 2, 1}),
                                         f32_spec("boxes", {1, 2, 6})};
  auto decoder = BlazefaceDecoder::create(options, specs);
  ASSERT_TRUE(decoder.has_value());
  const std::vector<FeatureMap> maps = {
      map_of<float>(specs[0], {-9, 9}),
      map_of<float>(specs[1], {0, 0, 1, 1, 0, 0, 0, 0, 10, 20, 1, 2})};
  DecodedObjects found;
  ASSERT_TRUE(decoder->decode(maps, 0, Affine{}, kPicture, found).has_value());
  ASSERT_EQ(found.objects.size(), 1U);
  expect_box(found.objects[0].box, {91, 54, 10, 20});
  EXPECT_EQ(found.keypoints_of(0)[0].at, (Point{97, 66}));
}

TEST(BlazefaceDecoder, ReportsAtMostTopKWithTheirPoints) {
  BlazefaceOptions options = options_for_test();
  options.detection.top_k = 1;
  HeadOutputs outputs;
  outputs.set(kFine, 0, {0, 0, 10, 10});
  outputs.set(kCoarse, kLn3, {0, 0, 10, 10});
  const DecodedObjects found = decode(options, outputs);
  ASSERT_EQ(found.objects.size(), 1U);
  EXPECT_EQ(found.keypoints.size(), 6U);
  EXPECT_EQ(found.keypoints_of(0)[0].at, (Point{240, 240}));
}

TEST(BlazefaceDecoder, LeavesOutBrokenNumbersAndWhatLiesOutside) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float infinity = std::numeric_limits<float>::infinity();
  HeadOutputs outputs;
  outputs.set(0, nan, {0, 0, 10, 10});
  outputs.set(100, infinity, {0, 0, 10, 10});
  outputs.set(200, 5, {nan, 0, 10, 10});
  outputs.set(300, 5, {0, 0, 0, 10});
  outputs.set(400, 5, {0, 0, 10, -10});
  outputs.set(500, 5, {0, 0, 10, 10});
  outputs.regressors[500 * kWidth + 9] = infinity;
  outputs.set(600, 5, {-500, 0, 10, 10});
  const DecodedObjects found = decode(options_for_test(), outputs);
  EXPECT_TRUE(found.objects.empty());
  EXPECT_TRUE(found.keypoints.empty());
}

TEST(BlazefaceDecoder, SurvivesAModelThatFiresEverywhere) {
  BlazefaceOptions options = options_for_test();
  options.detection.max_candidates = 10;
  HeadOutputs outputs;
  for (std::size_t row = 0; row < kProposals; ++row) {
    outputs.set(row, 1, {0, 0, 1, 1});
  }
  const DecodedObjects found = decode(options, outputs);
  // The first ten proposals are pairs in five cells.
  EXPECT_EQ(found.objects.size(), 5U);
}

TEST(BlazefaceDecoder, NamesTheOutputThatDoesNotFit) {
  const auto message_for = [](const BlazefaceOptions& options,
                              const std::vector<TensorSpec>& specs) {
    const Status status = BlazefaceDecoder::check(options, specs);
    return status.has_value() ? std::string() : status.error().message;
  };
  BlazefaceOptions options = options_for_test();
  EXPECT_EQ(message_for(options, {f32_spec("a", {1, 2304, 16}), f32_spec("b", {1, 2304, 1})}),
            "output 'a': shape 1x2304x16; decoder blazeface wants a pair 1x896x1 (scores) and "
            "1x896x(4+2K) (regressors)");
  EXPECT_EQ(message_for(options, {f32_spec("a", {1, 896, 16})}),
            "the model has 1 outputs; decoder blazeface wants 2 (scores, regressors), or 2 for "
            "each of its 2 grids");
  options.preset = "near";
  EXPECT_EQ(message_for(options, joined_specs()), "grids: no preset 'near'; known: short, full");
  options.preset.clear();
  EXPECT_EQ(message_for(options, joined_specs()), "grids: none, and no preset");
}

TEST(DecodedObjects, LetsCopiesPointToTheirOwnPoints) {
  HeadOutputs outputs;
  outputs.set(kFine, kLn3, {0, 0, 20, 20});
  outputs.set(kCoarse, 0, {0, 0, 30, 10});
  const DecodedObjects found = decode(options_for_test(), outputs);
  std::vector<Object> objects = found.objects;
  const std::vector<Keypoint> keypoints = found.keypoints;
  attach_keypoints(objects, keypoints, found.keypoints_per_object);
  ASSERT_EQ(objects[1].keypoints.size(), 6U);
  EXPECT_EQ(objects[1].keypoints.data(), keypoints.data() + 6);
}

}  // namespace
}  // namespace penstock
