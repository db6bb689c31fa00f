#include "engine/vision/ssd_decoder.h"

#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "engine/vision/test_maps.h"

namespace penstock {
namespace {

using testing::f32_spec;
using testing::map_of;

constexpr std::size_t kAnchors = 1917;
constexpr std::size_t kClasses = 5;  // The background and four more.
// Level 2 has 5x5 cells and starts at 1083 + 600; its middle cell is the 13th, of 6 boxes each: the
// anchor at (0.5, 0.5) of size 0.5 x 0.5.
constexpr std::size_t kMiddle = 1083 + 600 + 12 * 6;
// The anchor at (0.5, 0.5) of size 0.95 x 0.95.
constexpr std::size_t kLargest = 1911;
constexpr float kNone = -20;  // A logit far below any threshold.

const Box kPicture{0, 0, 768, 576};
const Affine kToSource = Affine::scale_and_shift(768.0F / 300, 576.0F / 300, 0, 0);

SsdOptions people_options() {
  SsdOptions options;
  options.preset = "mobilenet_v2_oid_300";
  options.detection.input = {300, 300};
  options.detection.labels = kClasses;
  options.detection.score = 0.4F;
  options.detection.iou = 0.4F;
  return options;
}

std::vector<TensorSpec> specs() {
  return {f32_spec("boxes", {1, kAnchors, 4}), f32_spec("classes", {1, kAnchors, kClasses})};
}

// The two outputs of a picture in which nothing is found, to be written into.
struct HeadOutputs {
  std::vector<float> boxes = std::vector<float>(kAnchors * 4);
  std::vector<float> classes = std::vector<float>(kAnchors * kClasses, kNone);

  void set(std::size_t row, std::size_t label, float logit) {
    classes[row * kClasses + label] = logit;
  }

  void set_box(std::size_t row, const std::array<float, 4>& offsets) {
    std::copy(offsets.begin(), offsets.end(), boxes.begin() + static_cast<std::ptrdiff_t>(row * 4));
  }

  [[nodiscard]] std::vector<FeatureMap> maps() const {
    return {map_of(specs()[0], boxes), map_of(specs()[1], classes)};
  }
};

DecodedObjects decode(const SsdOptions& options, const HeadOutputs& outputs) {
  auto decoder = SsdDecoder::create(options, specs());
  EXPECT_TRUE(decoder.has_value());
  DecodedObjects found;
  EXPECT_TRUE(decoder->decode(outputs.maps(), 0, kToSource, kPicture, found).has_value());
  return found;
}

void expect_box(const Box& box, const Box& wanted) {
  EXPECT_NEAR(box.x, wanted.x, 1e-3F);
  EXPECT_NEAR(box.y, wanted.y, 1e-3F);
  EXPECT_NEAR(box.w, wanted.w, 1e-3F);
  EXPECT_NEAR(box.h, wanted.h, 1e-3F);
}

TEST(SsdDecoder, DecodesABoxIntoTheSourcePicture) {
  HeadOutputs outputs;
  outputs.set(kMiddle, 2, 1.0986123F);  // ln 3: sigmoid = 3/4
  // y 0.5 + 2/10 * 0.5 = 0.6; x 0.4; h 0.5 * e^(5 ln 2 / 5) = 1; w 0.5 * 1/2 = 0.25. In pixels of
  // 300x300 that is x 82.5, y 30, w 75, h 300; times 2.56 and 1.92; the lower edge 633.6 is cut.
  outputs.set_box(kMiddle, {2, -2, 3.4657359F, -3.4657359F});
  const DecodedObjects found = decode(people_options(), outputs);
  ASSERT_EQ(found.objects.size(), 1U);
  expect_box(found.objects[0].box, {211.2F, 57.6F, 192, 518.4F});
  EXPECT_NEAR(found.objects[0].score, 0.75F, 1e-6F);
  EXPECT_EQ(found.objects[0].label, 2);
  EXPECT_EQ(found.objects[0].track, 0);
}

TEST(SsdDecoder, SkipsTheBackground) {
  HeadOutputs outputs;
  outputs.set(kMiddle, 0, 10);
  EXPECT_TRUE(decode(people_options(), outputs).objects.empty());
}

TEST(SsdDecoder, ReportsEachClassThatReachesTheScore) {
  HeadOutputs outputs;
  outputs.set(kMiddle, 1, 0);  // sigmoid = 1/2
  outputs.set(kMiddle, 3, 1.0986123F);
  const DecodedObjects all = decode(people_options(), outputs);
  ASSERT_EQ(all.objects.size(), 2U);
  EXPECT_EQ(all.objects[0].label, 3);
  EXPECT_EQ(all.objects[1].label, 1);
  EXPECT_FLOAT_EQ(all.objects[1].score, 0.5F);

  SsdOptions options = people_options();
  options.best_class_only = true;
  const DecodedObjects best = decode(options, outputs);
  ASSERT_EQ(best.objects.size(), 1U);
  EXPECT_EQ(best.objects[0].label, 3);
}

TEST(SsdDecoder, TakesTheScoreThresholdAsReached) {
  SsdOptions options = people_options();
  options.detection.score = 0.5F;
  HeadOutputs outputs;
  outputs.set(kMiddle, 1, 0);
  EXPECT_EQ(decode(options, outputs).objects.size(), 1U);
  outputs.set(kMiddle, 1, -0.001F);
  EXPECT_TRUE(decode(options, outputs).objects.empty());
}

TEST(SsdDecoder, ThinsOutOverlappingBoxes) {
  HeadOutputs outputs;
  outputs.set(kMiddle, 1, 1);
  outputs.set(kMiddle + 5, 1, 2);  // sqrt(0.5 * 0.65) = 0.57 wide, same centre: overlap 0.77
  outputs.set(kLargest, 1, 0);     // 0.95 wide: overlap 0.36 with the better one
  const DecodedObjects found = decode(people_options(), outputs);
  ASSERT_EQ(found.objects.size(), 2U);
  expect_box(found.objects[1].box, {19.2F, 14.4F, 729.6F, 547.2F});
}

TEST(SsdDecoder, ReportsOnlyTheLabelsToKeep) {
  SsdOptions options = people_options();
  options.detection.keep = {1};
  HeadOutputs outputs;
  outputs.set(kMiddle, 1, 0);
  outputs.set(kLargest, 3, 2);
  const DecodedObjects found = decode(options, outputs);
  ASSERT_EQ(found.objects.size(), 1U);
  EXPECT_EQ(found.objects[0].label, 1);
}

TEST(SsdDecoder, ReportsAtMostTopKObjects) {
  SsdOptions options = people_options();
  options.detection.top_k = 2;
  HeadOutputs outputs;
  outputs.set(kMiddle, 1, 0);
  outputs.set(kMiddle, 2, 1);
  outputs.set(kMiddle, 3, 2);
  const DecodedObjects found = decode(options, outputs);
  ASSERT_EQ(found.objects.size(), 2U);
  EXPECT_EQ(found.objects[0].label, 3);
  EXPECT_EQ(found.objects[1].label, 2);
}

TEST(SsdDecoder, CountsLabelsFromTheFirstClassWhereTheTableHasNoBackground) {
  SsdOptions options = people_options();
  options.detection.labels = kClasses - 1;
  HeadOutputs outputs;
  outputs.set(kMiddle, 1, 0);
  EXPECT_EQ(decode(options, outputs).objects[0].label, 0);
}

TEST(SsdDecoder, WeighsTheClassesAgainstEachOtherUnderSoftmax) {
  SsdOptions options = people_options();
  options.score_form = ScoreForm::kSoftmax;
  HeadOutputs outputs;
  // Weights 1 : 6 : 1 : 2 of 10 in all.
  const std::array<float, kClasses> logits = {0, 1.7917595F, 0, 0.6931472F, kNone};
  for (std::size_t c = 0; c < kClasses; ++c) {
    outputs.set(kMiddle, c, logits[c]);
  }
  const DecodedObjects found = decode(options, outputs);
  ASSERT_EQ(found.objects.size(), 1U);
  EXPECT_EQ(found.objects[0].label, 1);
  EXPECT_NEAR(found.objects[0].score, 0.6F, 1e-6F);
}

TEST(SsdDecoder, ReadsHalfFloatsAndQuantizedScores) {
  std::vector<TensorSpec> outputs = specs();
  outputs[0].type = ElementType::kF16;
  outputs[1].type = ElementType::kU8;
  outputs[1].quantization.scale = 0.25F;
  outputs[1].quantization.zero_point = 200;
  std::vector<std::uint16_t> boxes(kAnchors * 4);
  std::vector<std::uint8_t> classes(kAnchors * kClasses);  // (0 - 200) / 4 = -50
  boxes[kMiddle * 4] = 0x4000;                             // 2
  classes[kMiddle * kClasses + 2] = 200;                   // 0
  auto decoder = SsdDecoder::create(people_options(), outputs);
  ASSERT_TRUE(decoder.has_value());
  const std::vector<FeatureMap> maps = {map_of(outputs[0], boxes), map_of(outputs[1], classes)};
  DecodedObjects found;
  ASSERT_TRUE(decoder->decode(maps, 0, Affine{}, {0, 0, 300, 300}, found).has_value());
  ASSERT_EQ(found.objects.size(), 1U);
  expect_box(found.objects[0].box, {75, 105, 150, 150});
  EXPECT_FLOAT_EQ(found.objects[0].score, 0.5F);
}

TEST(SsdDecoder, ReadsItsItemOfABatch) {
  std::vector<TensorSpec> outputs = {f32_spec("classes", {Shape::kDynamic, kAnchors, kClasses}),
                                     f32_spec("boxes", {Shape::kDynamic, kAnchors, 1, 4})};
  auto decoder = SsdDecoder::create(people_options(), outputs);
  ASSERT_TRUE(decoder.has_value()) << decoder.error().message;
  outputs[0].shape.set(0, 2);
  outputs[1].shape.set(0, 2);
  std::vector<float> classes(2 * kAnchors * kClasses, kNone);
  classes[(kAnchors + kMiddle) * kClasses + 1] = 0;
  const std::vector<FeatureMap> maps = {map_of(outputs[0], classes),
                                        map_of(outputs[1], std::vector<float>(2 * kAnchors * 4))};
  DecodedObjects found;
  ASSERT_TRUE(decoder->decode(maps, 1, kToSource, kPicture, found).has_value());
  EXPECT_EQ(found.objects.size(), 1U);
  ASSERT_TRUE(decoder->decode(maps, 0, kToSource, kPicture, found).has_value());
  EXPECT_TRUE(found.objects.empty());
  EXPECT_EQ(decoder->decode(maps, 2, kToSource, kPicture, found).error().code,
            Errc::kInvalidArgument);
}

TEST(SsdDecoder, FindsNothingInBrokenNumbers) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float infinity = std::numeric_limits<float>::infinity();
  for (const ScoreForm form : {ScoreForm::kSigmoid, ScoreForm::kSoftmax, ScoreForm::kScores}) {
    SsdOptions options = people_options();
    options.score_form = form;
    HeadOutputs outputs;
    outputs.set(kMiddle, 1, nan);
    outputs.set(kMiddle + 6, 2, infinity);
    outputs.set(kMiddle + 12, 3, 0.9F);
    outputs.set_box(kMiddle + 12, {nan, 0, 0, 0});
    outputs.set(kMiddle + 18, 3, 0.9F);
    outputs.set_box(kMiddle + 18, {0, 0, 1e9F, 0});  // an infinite height
    outputs.set(kMiddle + 24, 3, 0.9F);
    outputs.set_box(kMiddle + 24, {0, 0, 0, -1e9F});  // no width
    outputs.set(kMiddle + 30, 3, 0.9F);
    outputs.set_box(kMiddle + 30, {9999, 0, 0, 0});  // far outside the picture
    EXPECT_TRUE(decode(options, outputs).objects.empty()) << static_cast<int>(form);
  }
}

TEST(SsdDecoder, SurvivesAModelThatFiresEverywhere) {
  SsdOptions options = people_options();
  options.detection.max_candidates = 50;
  options.detection.iou = 1;
  HeadOutputs outputs;
  std::fill(outputs.classes.begin(), outputs.classes.end(), 3.0F);
  const DecodedObjects found = decode(options, outputs);
  ASSERT_EQ(found.objects.size(), 50U);
  // Equal scores: the first rows win, four classes each. Row 0 is 30 pixels around 0.5 / 19.
  expect_box(found.objects[2].box, {0, 0, (150.0F / 19 + 15) * 2.56F, (150.0F / 19 + 15) * 1.92F});
}

TEST(SsdDecoder, NamesTheOutputThatDoesNotFit) {
  const auto message_for = [](const SsdOptions& options, const std::vector<TensorSpec>& outputs) {
    const Status status = SsdDecoder::check(options, outputs);
    EXPECT_FALSE(SsdDecoder::create(options, outputs).has_value());
    return status.has_value() ? std::string() : status.error().message;
  };
  std::vector<TensorSpec> outputs = specs();
  EXPECT_EQ(message_for(people_options(), {outputs[0]}),
            "the model has 1 outputs; decoder ssd wants 2: boxes and classes");
  outputs[1].shape = {1, 1916, kClasses};
  EXPECT_EQ(message_for(people_options(), outputs),
            "output 'classes': shape 1x1916x5; decoder ssd wants 1x1917xK, a row for each anchor");
  outputs = specs();
  outputs[0].shape = {1, kAnchors, 5};
  outputs[1].shape = {1, kAnchors, 3};
  EXPECT_EQ(message_for(people_options(), outputs),
            "output 'boxes': shape 1x1917x5; decoder ssd wants one output 1x1917x4 with the boxes");
  SsdOptions options = people_options();
  options.detection.labels = 80;
  EXPECT_EQ(message_for(options, specs()),
            "output 'classes': shape 1x1917x5; decoder ssd wants as many classes as there are "
            "labels (80), or one more for the background");
  outputs = specs();
  outputs[1].type = ElementType::kI4;
  EXPECT_EQ(message_for(people_options(), outputs),
            "output 'classes': element type i4; decoder ssd reads floats and integers of whole "
            "bytes");
}

TEST(SsdDecoder, RefusesOptionsOutOfRange) {
  const auto is_refused = [](const SsdOptions& options) {
    return !SsdDecoder::check(options, specs()).has_value();
  };
  SsdOptions options = people_options();
  options.preset = "mobilenet";
  EXPECT_TRUE(is_refused(options));
  options = people_options();
  options.detection.score = 1.5F;
  EXPECT_TRUE(is_refused(options));
  options = people_options();
  options.detection.keep = {5};
  EXPECT_TRUE(is_refused(options));
  options = people_options();
  options.detection.top_k = 0;
  EXPECT_TRUE(is_refused(options));
  options = people_options();
  options.detection.input = {0, 300};
  EXPECT_TRUE(is_refused(options));
  options = people_options();
  options.size_variance = 0;
  EXPECT_TRUE(is_refused(options));
}

TEST(SsdDecoder, RefusesMapsOfAnotherShape) {
  auto decoder = SsdDecoder::create(people_options(), specs());
  ASSERT_TRUE(decoder.has_value());
  HeadOutputs outputs;
  std::vector<FeatureMap> maps = outputs.maps();
  DecodedObjects found;
  found.objects.resize(3);
  maps[1] = map_of(f32_spec("classes", {1, 10, kClasses}), std::vector<float>(50));
  EXPECT_EQ(decoder->decode(maps, 0, kToSource, kPicture, found).error().code,
            Errc::kInvalidArgument);
  EXPECT_TRUE(found.objects.empty());
  maps.pop_back();
  EXPECT_EQ(decoder->decode(maps, 0, kToSource, kPicture, found).error().code,
            Errc::kInvalidArgument);
}

}  // namespace
}  // namespace penstock
