#include "engine/vision/nms.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace penstock {
namespace {

NonMaximumSuppression make(const NmsOptions& options) {
  auto nms = NonMaximumSuppression::create(options);
  EXPECT_TRUE(nms.has_value());
  return std::move(nms).value();
}

// Two boxes of 10x10 whose left edges are `shift` apart overlap by (10 - shift) / (10 + shift).
Candidate at(float x, float score, std::uint32_t index, std::int32_t label = 0) {
  return {Box{x, 0, 10, 10}, score, label, index};
}

std::vector<std::uint32_t> indices(std::span<const Candidate> candidates) {
  std::vector<std::uint32_t> result;
  for (const Candidate& candidate : candidates) {
    result.push_back(candidate.index);
  }
  return result;
}

using Indices = std::vector<std::uint32_t>;

TEST(NonMaximumSuppression, KeepsTheBestOfOverlappingBoxes) {
  auto nms = make({.iou = 0.5F});
  nms.add(at(2, 0.6F, 0));  // 8/12 = 0.67 with the best
  nms.add(at(0, 0.9F, 1));
  nms.add(at(40, 0.5F, 2));
  EXPECT_EQ(indices(nms.run()), (Indices{1, 2}));
}

TEST(NonMaximumSuppression, KeepsABoxThatOnlyASuppressedOneOverlaps) {
  auto nms = make({.iou = 0.4F});
  nms.add(at(0, 0.9F, 0));
  nms.add(at(4, 0.8F, 1));  // 6/14 = 0.43 with the first: goes
  nms.add(at(8, 0.7F, 2));  // 0.43 with the second, 2/18 with the first: stays
  EXPECT_EQ(indices(nms.run()), (Indices{0, 2}));
}

TEST(NonMaximumSuppression, LetsDifferentLabelsOverlap) {
  auto nms = make({.iou = 0.5F});
  nms.add(at(0, 0.9F, 0, 1));
  nms.add(at(0, 0.8F, 0, 2));
  EXPECT_EQ(nms.run().size(), 2U);
}

TEST(NonMaximumSuppression, SuppressesAcrossLabelsWhenClassAgnostic) {
  auto nms = make({.iou = 0.5F, .class_agnostic = true});
  nms.add(at(0, 0.8F, 0, 2));
  nms.add(at(0, 0.9F, 0, 1));
  const auto survivors = nms.run();
  ASSERT_EQ(survivors.size(), 1U);
  EXPECT_EQ(survivors[0].label, 1);
}

TEST(NonMaximumSuppression, KeepsABoxWhoseOverlapEqualsTheThreshold) {
  // Widths 1 and 2 nested: overlap exactly 1/2.
  auto nms = make({.iou = 0.5F});
  nms.add({Box{0, 0, 2, 1}, 0.9F, 0, 0});
  nms.add({Box{0, 0, 1, 1}, 0.8F, 0, 1});
  EXPECT_EQ(nms.run().size(), 2U);
}

TEST(NonMaximumSuppression, KeepsEqualBoxesAtThresholdOne) {
  auto nms = make({.iou = 1});
  for (std::uint32_t i = 0; i < 3; ++i) {
    nms.add({Box{0.1F, 0.7F, 0.3F, 0.9F}, 0.9F, 0, i});
  }
  EXPECT_EQ(indices(nms.run()), (Indices{0, 1, 2}));
}

TEST(NonMaximumSuppression, BreaksTiesByIndexWhateverTheOrderOfArrival) {
  auto nms = make({.iou = 0.5F, .max_candidates = 3});
  std::vector<Candidate> all = {at(0, 0.5F, 0), at(1, 0.5F, 1), at(50, 0.5F, 2), at(99, 0.5F, 3)};
  std::mt19937 random(7);
  for (int round = 0; round < 24; ++round) {
    std::shuffle(all.begin(), all.end(), random);
    nms.clear();
    for (const Candidate& candidate : all) {
      nms.add(candidate);
    }
    EXPECT_EQ(indices(nms.run()), (Indices{0, 2})) << "round " << round << " of seed 7";
  }
}

TEST(NonMaximumSuppression, LeavesTheWorstOutBeyondItsBound) {
  auto nms = make({.iou = 0.5F, .max_candidates = 4});
  for (std::uint32_t i = 0; i < 100; ++i) {
    nms.add(at(static_cast<float>(20 * i), 0.001F * static_cast<float>((i * 37) % 100), i));
  }
  // 37 i mod 100 = 99, 98, 97, 96 at i = 27, 54, 81, 8 (27 is the inverse of 63 = -37 mod 100).
  EXPECT_EQ(indices(nms.run()), (Indices{27, 54, 81, 8}));
}

TEST(NonMaximumSuppression, SaysWhichSurvivorStandsForEachCandidate) {
  auto nms = make({.iou = 0.5F});
  nms.add(at(0, 0.9F, 0));
  nms.add(at(50, 0.8F, 1));
  nms.add(at(1, 0.7F, 2));
  nms.add(at(51, 0.6F, 3));
  nms.run();
  EXPECT_EQ(indices(nms.candidates()), (Indices{0, 1, 2, 3}));
  const auto survivor_of = nms.survivor_of();
  EXPECT_EQ(Indices(survivor_of.begin(), survivor_of.end()), (Indices{0, 1, 0, 1}));
}

TEST(NonMaximumSuppression, LeavesOutWhatIsNotFiniteOrEmpty) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float infinity = std::numeric_limits<float>::infinity();
  auto nms = make({});
  nms.add(at(0, nan, 0));
  nms.add(at(0, infinity, 1));
  nms.add(at(nan, 0.9F, 2));
  nms.add({Box{0, 0, infinity, 1}, 0.9F, 0, 3});
  nms.add({Box{0, 0, 0, 5}, 0.9F, 0, 4});
  nms.add({Box{0, 0, 5, -1}, 0.9F, 0, 5});
  nms.add(at(0, 0.1F, 6));
  EXPECT_EQ(indices(nms.run()), (Indices{6}));
}

TEST(NonMaximumSuppression, FindsNothingInNothing) {
  auto nms = make({});
  EXPECT_TRUE(nms.run().empty());
  nms.add(at(0, 0.5F, 0));
  nms.clear();
  EXPECT_TRUE(nms.run().empty());
}

TEST(NonMaximumSuppression, RefusesOptionsOutOfRange) {
  EXPECT_FALSE(NonMaximumSuppression::create({.iou = 1.1F}).has_value());
  EXPECT_FALSE(NonMaximumSuppression::create({.iou = -0.1F}).has_value());
  EXPECT_FALSE(NonMaximumSuppression::create({.iou = std::nanf("")}).has_value());
  EXPECT_FALSE(NonMaximumSuppression::create({.max_candidates = 0}).has_value());
  EXPECT_FALSE(NonMaximumSuppression::create({.max_candidates = 70000}).has_value());
}

}  // namespace
}  // namespace penstock
