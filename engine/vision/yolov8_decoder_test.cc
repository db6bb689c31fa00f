#include "engine/vision/yolov8_decoder.h"

#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "engine/vision/test_maps.h"

namespace penstock {
namespace {

using testing::f32_spec;
using testing::map_of;

constexpr std::size_t kLabels = 3;
constexpr std::size_t kChannels = 4 + kLabels;
constexpr std::size_t kProposals = 600;  // More than one block.
constexpr Box kPicture{0, 0, 1280, 720};

// A 640x640 input whose rows 140 to 500 show a 1280x720 picture, twice as large.
const Affine kToSource = Affine::scale_and_shift(2, 2, 0, -280);

DetectionOptions options_for_test() {
  DetectionOptions options;
  options.input = {640, 640};
  options.labels = kLabels;
  options.score = 0.4F;
  options.iou = 0.5F;
  return options;
}

// The output of a picture in which nothing is found, in either order of its axes.
struct HeadOutput {
  bool is_channel_major = true;
  std::vector<float> elements = std::vector<float>(kChannels * kProposals);

  void set(std::size_t proposal, const std::array<float, kChannels>& values) {
    for (std::size_t k = 0; k < kChannels; ++k) {
      elements[is_channel_major ? k * kProposals + proposal : proposal * kChannels + k] = values[k];
    }
  }

  [[nodiscard]] TensorSpec spec() const {
    return is_channel_major ? f32_spec("output0", {1, kChannels, kProposals})
                            : f32_spec("output0", {1, kProposals, kChannels});
  }
};

std::vector<Object> decode(const DetectionOptions& options, const HeadOutput& output) {
  const std::vector<TensorSpec> specs = {output.spec()};
  auto decoder = YoloV8Decoder::create(options, specs);
  EXPECT_TRUE(decoder.has_value());
  DecodedObjects found;
  const std::vector<FeatureMap> maps = {map_of(specs[0], output.elements)};
  EXPECT_TRUE(decoder->decode(maps, 0, kToSource, kPicture, found).has_value());
  return found.objects;
}

class YoloV8DecoderForms : public ::testing::TestWithParam<bool> {};

INSTANTIATE_TEST_SUITE_P(BothOrders, YoloV8DecoderForms, ::testing::Bool());

TEST_P(YoloV8DecoderForms, DecodesTheBestClassOfEachBox) {
  HeadOutput output{.is_channel_major = GetParam()};
  output.set(5, {100, 240, 40, 80, 0.1F, 0.7F, 0.5F});
  output.set(599, {600, 480, 100, 60, 0.45F, 0.2F, 0});
  const std::vector<Object> found = decode(options_for_test(), output);
  ASSERT_EQ(found.size(), 2U);
  // Left upper corner (80, 200), doubled and shifted by -280.
  EXPECT_EQ(found[0].box, (Box{160, 120, 80, 160}));
  EXPECT_EQ(found[0].label, 1);
  EXPECT_EQ(found[0].score, 0.7F);
  // Corner (550, 450) to (650, 510): clipped on the right at 1280 and below at 720.
  EXPECT_EQ(found[1].box, (Box{1100, 620, 180, 100}));
  EXPECT_EQ(found[1].label, 0);
}

TEST_P(YoloV8DecoderForms, ThinsOutOverlappingBoxesOfOneClass) {
  HeadOutput output{.is_channel_major = GetParam()};
  output.set(0, {100, 300, 40, 80, 0, 0.7F, 0});
  output.set(1, {102, 300, 40, 80, 0, 0.8F, 0});
  output.set(2, {101, 300, 40, 80, 0, 0, 0.6F});
  const std::vector<Object> found = decode(options_for_test(), output);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].box.x, 164);
  EXPECT_EQ(found[1].label, 2);
}

TEST_P(YoloV8DecoderForms, DoesNotGiveABoxToItsSecondBestClass) {
  DetectionOptions options = options_for_test();
  options.keep = {0};
  HeadOutput output{.is_channel_major = GetParam()};
  output.set(0, {100, 300, 40, 80, 0.6F, 0.7F, 0});
  EXPECT_TRUE(decode(options, output).empty());
}

TEST_P(YoloV8DecoderForms, LeavesOutBrokenNumbers) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float infinity = std::numeric_limits<float>::infinity();
  HeadOutput output{.is_channel_major = GetParam()};
  output.set(0, {100, 300, 40, 80, nan, nan, nan});
  output.set(1, {100, 300, 40, 80, infinity, 0, 0});
  output.set(2, {nan, 300, 40, 80, 0.9F, 0, 0});
  output.set(3, {100, 300, 0, 80, 0.9F, 0, 0});
  output.set(4, {100, 300, -5, -80, 0.9F, 0, 0});
  output.set(5, {100, 300, 40, infinity, 0.9F, 0, 0});
  output.set(6, {200, 300, 40, 80, nan, 0.5F, nan});
  const std::vector<Object> found = decode(options_for_test(), output);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].label, 1);
}

TEST_P(YoloV8DecoderForms, SurvivesAModelThatFiresEverywhere) {
  DetectionOptions options = options_for_test();
  options.max_candidates = 20;
  options.top_k = 7;
  HeadOutput output{.is_channel_major = GetParam()};
  for (std::size_t i = 0; i < kProposals; ++i) {
    const auto x = static_cast<float>(i);
    output.set(i, {x, 300, 1, 10, 0.5F, 0, 0});
  }
  const std::vector<Object> found = decode(options, output);
  ASSERT_EQ(found.size(), 7U);
  EXPECT_EQ(found[6].box.x, 11);  // Proposal 6 from 5.5 on, doubled.
}

TEST(YoloV8Decoder, TakesTheSmallerExtentAsChannelsWithoutLabels) {
  DetectionOptions options = options_for_test();
  options.labels = 0;
  for (const bool is_channel_major : {true, false}) {
    HeadOutput output{.is_channel_major = is_channel_major};
    output.set(0, {100, 300, 40, 80, 0, 0, 0.9F});
    const std::vector<Object> found = decode(options, output);
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].label, 2);
  }
}

TEST(YoloV8Decoder, AcceptsOpenExtentsAndReadsItsItem) {
  const std::vector<TensorSpec> specs = {
      f32_spec("output0", {Shape::kDynamic, kChannels, Shape::kDynamic})};
  auto decoder = YoloV8Decoder::create(options_for_test(), specs);
  ASSERT_TRUE(decoder.has_value());
  std::vector<float> elements(2 * kChannels);
  const std::array<float, kChannels> second = {100, 300, 40, 80, 0.9F, 0, 0};
  std::copy(second.begin(), second.end(), elements.begin() + kChannels);
  const std::vector<FeatureMap> maps = {map_of(f32_spec("output0", {2, kChannels, 1}), elements)};
  DecodedObjects found;
  ASSERT_TRUE(decoder->decode(maps, 0, kToSource, kPicture, found).has_value());
  EXPECT_TRUE(found.objects.empty());
  ASSERT_TRUE(decoder->decode(maps, 1, kToSource, kPicture, found).has_value());
  EXPECT_EQ(found.objects.size(), 1U);
  const std::vector<FeatureMap> other = {
      map_of(f32_spec("output0", {1, 6, 2}), std::vector<float>(12))};
  EXPECT_EQ(decoder->decode(other, 0, kToSource, kPicture, found).error().code,
            Errc::kInvalidArgument);
}

TEST(YoloV8Decoder, NamesTheOutputThatDoesNotFit) {
  const auto message_for = [](std::size_t labels, const std::vector<TensorSpec>& specs) {
    DetectionOptions options = options_for_test();
    options.labels = labels;
    const Status status = YoloV8Decoder::check(options, specs);
    return status.has_value() ? std::string() : status.error().message;
  };
  EXPECT_EQ(message_for(80, {f32_spec("output0", {1, 85, 8400})}),
            "output 'output0': shape 1x85x8400; decoder yolov8 wants 1x84xN or 1xNx84: 4 for the "
            "box and 80 labels");
  EXPECT_EQ(message_for(0, {f32_spec("output0", {1, 1000})}),
            "output 'output0': shape 1x1000; decoder yolov8 wants 1xKxN or 1xNxK with K of at "
            "least 5: a box and the classes");
  EXPECT_EQ(message_for(0, {f32_spec("a", {1, 84, 10}), f32_spec("b", {1, 84, 10})}),
            "the model has 2 outputs; decoder yolov8 wants 1");
}

}  // namespace
}  // namespace penstock
