#include "engine/vision/softmax_decoder.h"

#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "engine/vision/test_maps.h"

namespace penstock {
namespace {

using testing::f32_spec;
using testing::map_of;

std::vector<Label> decode(const SoftmaxOptions& options,
                          const Shape& shape,
                          const std::vector<float>& elements,
                          std::size_t item = 0) {
  const std::vector<TensorSpec> specs = {f32_spec("logits", shape)};
  auto decoder = SoftmaxDecoder::create(options, specs);
  EXPECT_TRUE(decoder.has_value());
  const std::vector<FeatureMap> maps = {map_of(specs[0], elements)};
  std::vector<Label> found;
  EXPECT_TRUE(decoder->decode(maps, item, found).has_value());
  return found;
}

// ln 1, ln 6, ln 1, ln 2: weights 1 : 6 : 1 : 2 of 10 in all.
const std::vector<float> kLogits = {0, 1.7917595F, 0, 0.6931472F};

TEST(SoftmaxDecoder, TurnsLogitsIntoScoresThatSumToOne) {
  const std::vector<Label> found = decode({.top_k = 9}, {1, 4}, kLogits);
  ASSERT_EQ(found.size(), 4U);
  EXPECT_EQ(found[0].id, 1);
  EXPECT_NEAR(found[0].score, 0.6F, 1e-6F);
  EXPECT_EQ(found[1].id, 3);
  EXPECT_NEAR(found[1].score, 0.2F, 1e-6F);
  EXPECT_EQ(found[2].id, 0);  // Of equal scores the lower class first.
  EXPECT_EQ(found[3].id, 2);
  EXPECT_NEAR(found[3].score, 0.1F, 1e-6F);
}

TEST(SoftmaxDecoder, ReportsTheBestClassesFromTheScoreOn) {
  EXPECT_EQ(decode({.top_k = 1}, {1, 4}, kLogits).size(), 1U);
  EXPECT_EQ(decode({.top_k = 4, .score = 0.15F}, {1, 4}, kLogits).size(), 2U);
  EXPECT_TRUE(decode({.score = 0.7F}, {1, 4}, kLogits).empty());
}

TEST(SoftmaxDecoder, TakesProbabilitiesAsTheyAre) {
  const std::vector<Label> found =
      decode({.top_k = 2, .are_probabilities = true}, {1, 3}, {0.25F, 0.7F, 0.05F});
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].score, 0.7F);
  EXPECT_EQ(found[1].score, 0.25F);
}

TEST(SoftmaxDecoder, DoesNotOverflowOnLargeLogits) {
  const std::vector<Label> found = decode({.top_k = 2}, {1, 2}, {1000, 1000});
  ASSERT_EQ(found.size(), 2U);
  EXPECT_FLOAT_EQ(found[0].score, 0.5F);
}

TEST(SoftmaxDecoder, AcceptsFurtherAxesOfExtentOne) {
  EXPECT_EQ(decode({.labels = 4}, {1, 4, 1, 1}, kLogits)[0].id, 1);
  EXPECT_EQ(decode({.labels = 4}, {1, 1, 1, 4}, kLogits)[0].id, 1);
}

TEST(SoftmaxDecoder, ReadsItsItemOfABatch) {
  EXPECT_EQ(decode({}, {2, 2}, {5, 0, 0, 5}, 1)[0].id, 1);
}

TEST(SoftmaxDecoder, FindsNothingInBrokenNumbers) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float infinity = std::numeric_limits<float>::infinity();
  EXPECT_TRUE(decode({.top_k = 2}, {1, 2}, {nan, 1}).empty());
  EXPECT_TRUE(decode({.top_k = 2}, {1, 2}, {1, nan}).empty());
  EXPECT_TRUE(decode({.top_k = 2}, {1, 2}, {infinity, 1}).empty());
  EXPECT_EQ(decode({.top_k = 1}, {1, 2}, {-infinity, 1})[0].score, 1);
}

TEST(SoftmaxDecoder, NamesTheOutputThatDoesNotFit) {
  const auto message_for = [](const SoftmaxOptions& options, const Shape& shape) {
    const std::vector<TensorSpec> specs = {f32_spec("logits", shape)};
    const Status status = SoftmaxDecoder::check(options, specs);
    return status.has_value() ? std::string() : status.error().message;
  };
  EXPECT_EQ(message_for({.labels = 1000}, {1, 1001}),
            "output 'logits': shape 1x1001; decoder softmax wants 1x1000, one number a label");
  EXPECT_EQ(message_for({}, {1, 10, 20}),
            "output 'logits': shape 1x10x20; decoder softmax wants 1xC, one number a class");
  EXPECT_EQ(message_for({}, {10}),
            "output 'logits': shape 10; decoder softmax wants 1xC, one number a class");
  EXPECT_EQ(message_for({.top_k = 0}, {1, 10}), "top_k: 0, must be at least 1");
}

}  // namespace
}  // namespace penstock
