#include "engine/vision/mot_metrics.h"

#include <gtest/gtest.h>

namespace penstock {
namespace {

// Expected figures are counted by hand.
MotItem at(std::int64_t id, float x) {
  return {id, Box{x, 0, 10, 10}};
}

void add(MotEvaluator& evaluator,
         const std::vector<MotItem>& truth,
         const std::vector<MotItem>& tracks) {
  evaluator.add_frame(truth, tracks);
}

TEST(MotEvaluator, GivesFullMarksToPerfectTracks) {
  MotEvaluator evaluator;
  for (int frame = 0; frame < 5; ++frame) {
    add(evaluator, {at(1, 0), at(2, 50)}, {at(7, 1), at(8, 50)});
  }
  const MotFigures figures = evaluator.figures();
  EXPECT_EQ(figures.truths, 10U);
  EXPECT_EQ(figures.mota, 1);
  EXPECT_EQ(figures.idf1, 1);
}

TEST(MotEvaluator, CountsMissesAndFalsePositives) {
  MotEvaluator evaluator;
  add(evaluator, {at(1, 0), at(2, 50)}, {at(7, 0)});
  add(evaluator, {at(1, 0), at(2, 50)}, {at(7, 0), at(9, 200)});
  const MotFigures figures = evaluator.figures();
  EXPECT_EQ(figures.misses, 2U);
  EXPECT_EQ(figures.false_positives, 1U);
  EXPECT_EQ(figures.switches, 0U);
  EXPECT_DOUBLE_EQ(figures.mota, 1 - 3.0 / 4);
  EXPECT_DOUBLE_EQ(figures.idf1, 2.0 * 2 / (4 + 3));
}

TEST(MotEvaluator, CountsASwitchOnceAndIdentityToTheEnd) {
  MotEvaluator evaluator;
  for (int frame = 0; frame < 3; ++frame) {
    add(evaluator, {at(1, 0)}, {at(7, 0)});
  }
  for (int frame = 0; frame < 7; ++frame) {
    add(evaluator, {at(1, 0)}, {at(8, 0)});
  }
  const MotFigures figures = evaluator.figures();
  EXPECT_EQ(figures.switches, 1U);
  EXPECT_DOUBLE_EQ(figures.mota, 0.9);
  EXPECT_DOUBLE_EQ(figures.idf1, 0.7);
}

TEST(MotEvaluator, CountsASwitchAcrossAGap) {
  MotEvaluator evaluator;
  add(evaluator, {at(1, 0)}, {at(7, 0)});
  add(evaluator, {}, {});
  add(evaluator, {at(1, 0)}, {at(8, 0)});
  EXPECT_EQ(evaluator.figures().switches, 1U);
}

TEST(MotEvaluator, CountsTwoSwitchesWhenTwoObjectsSwapNumbers) {
  MotEvaluator evaluator;
  add(evaluator, {at(1, 0), at(2, 50)}, {at(7, 0), at(8, 50)});
  add(evaluator, {at(1, 0), at(2, 50)}, {at(8, 0), at(7, 50)});
  EXPECT_EQ(evaluator.figures().switches, 2U);
}

TEST(MotEvaluator, PrefersTheEarlierPairToACloserTrack) {
  MotEvaluator evaluator;
  add(evaluator, {at(1, 0)}, {at(7, 0)});
  add(evaluator, {at(1, 0)}, {at(7, 2), at(8, 0)});
  const MotFigures figures = evaluator.figures();
  EXPECT_EQ(figures.switches, 0U);
  EXPECT_EQ(figures.false_positives, 1U);
}

TEST(MotEvaluator, AnswersForNothing) {
  const MotFigures figures = MotEvaluator().figures();
  EXPECT_EQ(figures.truths, 0U);
  EXPECT_EQ(figures.mota, 0);
  EXPECT_EQ(figures.idf1, 0);
}

}  // namespace
}  // namespace penstock
