#include "engine/vision/yolov10_decoder.h"

#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "engine/vision/test_maps.h"

namespace penstock {
namespace {

using testing::f32_spec;
using testing::map_of;

constexpr std::size_t kRow = 6;
constexpr Box kPicture{0, 0, 640, 640};

DetectionOptions options_for_test() {
  DetectionOptions options;
  options.input = {640, 640};
  options.labels = 80;
  options.score = 0.4F;
  return options;
}

std::vector<Object> decode(const DetectionOptions& options, const std::vector<float>& elements) {
  const std::vector<TensorSpec> specs = {
      f32_spec("output0", {1, static_cast<std::int64_t>(elements.size() / kRow), kRow})};
  auto decoder = YoloV10Decoder::create(options, specs);
  EXPECT_TRUE(decoder.has_value());
  DecodedObjects found;
  const std::vector<FeatureMap> maps = {map_of(specs[0], elements)};
  EXPECT_TRUE(decoder->decode(maps, 0, Affine{}, kPicture, found).has_value());
  return found.objects;
}

TEST(YoloV10Decoder, DecodesCornersScoreAndClass) {
  const std::vector<Object> found =
      decode(options_for_test(), {100, 50, 140, 150, 0.8F, 7, 0, 0, 10, 10, 0.3F, 1});
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].box, (Box{100, 50, 40, 100}));
  EXPECT_EQ(found[0].label, 7);
  EXPECT_EQ(found[0].score, 0.8F);
}

TEST(YoloV10Decoder, KeepsOverlappingBoxes) {
  const std::vector<Object> found =
      decode(options_for_test(), {0, 0, 10, 10, 0.5F, 7, 0, 0, 10, 10, 0.6F, 7});
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].score, 0.6F);
}

TEST(YoloV10Decoder, ReportsTheBestTopKOfTheLabelsToKeep) {
  DetectionOptions options = options_for_test();
  options.keep = {7};
  options.top_k = 1;
  const std::vector<Object> found =
      decode(options, {0, 0, 10, 10, 0.9F, 6, 0, 0, 10, 10, 0.5F, 7, 20, 0, 30, 10, 0.6F, 7});
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].box.x, 20);
}

TEST(YoloV10Decoder, LeavesOutBrokenNumbersAndUnknownClasses) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float infinity = std::numeric_limits<float>::infinity();
  EXPECT_TRUE(decode(options_for_test(), {0,  0, 10, 10, nan,  7,         //
                                          0,  0, 10, 10, 0.9F, nan,       //
                                          0,  0, 10, 10, 0.9F, 80,        //
                                          0,  0, 10, 10, 0.9F, -1,        //
                                          0,  0, 10, 10, 0.9F, infinity,  //
                                          10, 0, 0,  10, 0.9F, 7,         // right of left
                                          0,  0, 0,  0,  0.9F, 7})
                  .empty());
}

TEST(YoloV10Decoder, NamesTheOutputThatDoesNotFit) {
  const std::vector<TensorSpec> specs = {f32_spec("output0", {1, 84, 8400})};
  const Status status = YoloV10Decoder::check(options_for_test(), specs);
  ASSERT_FALSE(status.has_value());
  EXPECT_EQ(status.error().message,
            "output 'output0': shape 1x84x8400; decoder yolov10 wants 1xNx6: two corners, score "
            "and class");
}

}  // namespace
}  // namespace penstock
