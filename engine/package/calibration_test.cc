#include "engine/package/calibration.h"

#include <array>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

namespace penstock {
namespace {

ValueRange range(double low, double high) {
  ValueRange range;
  range.add(low);
  range.add(high);
  return range;
}

TEST(Calibration, KeepsTheRangeOfWhatItSaw) {
  ValueRange seen;
  EXPECT_TRUE(seen.is_empty());
  const std::array<float, 4> values = {3, -1, std::numeric_limits<float>::infinity(), 2};
  seen.add(values);
  EXPECT_EQ(seen.low(), -1);
  EXPECT_EQ(seen.high(), 3);
  seen.add(std::numeric_limits<double>::quiet_NaN());
  EXPECT_EQ(seen.high(), 3);
}

TEST(Calibration, UsesAllStepsForInputs) {
  PackageTensor tensor;
  set_input_scale(range(0, 1), tensor);
  EXPECT_DOUBLE_EQ(*tensor.scale, 1.0 / 255);
  EXPECT_EQ(tensor.zero_point, -128);
  EXPECT_EQ(quantized(0, *tensor.scale, tensor.zero_point), -128);
  EXPECT_EQ(quantized(1, *tensor.scale, tensor.zero_point), 127);
  set_input_scale(range(-1, 1), tensor);
  EXPECT_DOUBLE_EQ(*tensor.scale, 2.0 / 255);
  EXPECT_EQ(tensor.zero_point, 0);  // -0.5, half to even.
  set_input_scale(range(0, 255), tensor);
  EXPECT_EQ(*tensor.scale, 1);
}

TEST(Calibration, KeepsZeroInTheRangeOfInputs) {
  PackageTensor tensor;
  set_input_scale(range(10, 20), tensor);
  EXPECT_DOUBLE_EQ(*tensor.scale, 20.0 / 255);
  EXPECT_EQ(tensor.zero_point, -128);
  set_input_scale(range(-20, -10), tensor);
  EXPECT_EQ(tensor.zero_point, 127);
}

TEST(Calibration, IsSymmetricForOutputs) {
  PackageTensor tensor;
  set_output_scale(5, tensor);
  EXPECT_DOUBLE_EQ(*tensor.scale, 5.0 / 127);
  EXPECT_EQ(tensor.zero_point, 0);
  set_output_scale(0, tensor);
  EXPECT_EQ(*tensor.scale, 1);
}

MagnitudeHistogram histogram(const std::vector<float>& values) {
  MagnitudeHistogram magnitudes;
  magnitudes.add(values);
  return magnitudes;
}

/// `count` values, evenly from -`most` to `most`.
std::vector<float> even_values(int count, float most) {
  std::vector<float> values;
  for (int i = 0; i < count; ++i) {
    values.push_back(most * static_cast<float>(2 * i - count + 1) / static_cast<float>(count - 1));
  }
  return values;
}

TEST(Calibration, KnowsPercentilesOfMagnitudes) {
  EXPECT_TRUE(MagnitudeHistogram().is_empty());
  const MagnitudeHistogram even = histogram(even_values(10'001, 4));
  EXPECT_NEAR(even.percentile(50), 2, 0.01);
  EXPECT_NEAR(even.percentile(99), 3.96, 0.01);
  EXPECT_EQ(even.percentile(100), 4);
  // The order of arrival does not count, nor does what is not finite.
  MagnitudeHistogram growing;
  for (const float value : {1e-6F, 1.0F, -1000.0F, std::numeric_limits<float>::quiet_NaN()}) {
    growing.add(std::vector<float>{value});
  }
  EXPECT_EQ(growing.greatest(), 1000);
  EXPECT_NEAR(growing.percentile(66), 1, 0.5);
  EXPECT_EQ(histogram({0, 0, 0}).percentile(50), 0);
}

TEST(Calibration, CutsAFewWildValuesOff) {
  // As the boxes of an SSD: 10 000 values up to 10, and two of 80.
  std::vector<float> values = even_values(10'000, 10);
  values.insert(values.end(), 2, 80);
  EXPECT_NEAR(robust_limit(histogram(values)), 10, 0.1);
}

TEST(Calibration, KeepsRareGreatValuesWhereTheOthersAreNearZero) {
  // As scores: almost all of them nothing, and one that counts.
  std::vector<float> values = even_values(10'000, 0.001F);
  values.insert(values.end(), 12, 0.3F);
  values.push_back(0.9F);
  EXPECT_FLOAT_EQ(static_cast<float>(robust_limit(histogram(values))), 0.9F);
  EXPECT_EQ(robust_limit(histogram({0, 0, 0})), 0);
}

TEST(Calibration, RoundsHalfToEven) {
  EXPECT_EQ(quantized(0.5, 1, 0), 0);
  EXPECT_EQ(quantized(1.5, 1, 0), 2);
  EXPECT_EQ(quantized(2.5, 1, 0), 2);
  EXPECT_EQ(quantized(-0.5, 1, 0), 0);
  EXPECT_EQ(quantized(-1.5, 1, 0), -2);
  EXPECT_EQ(quantized(2.6, 1, 0), 3);
  EXPECT_EQ(quantized(0.5, 1, 1), 2);  // The sum is rounded, not the quotient.
  EXPECT_EQ(quantized(1e9, 1, 0), 127);
  EXPECT_EQ(quantized(-1e9, 1, 0), -128);
}

}  // namespace
}  // namespace penstock
