#include "engine/vision/byte_tracker.h"

#include <cmath>
#include <cstdio>
#include <limits>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "engine/vision/mot_metrics.h"
#include "engine/vision/synthetic_scene.h"

namespace penstock {
namespace {

using testing::DetectorFaults;
using testing::make_crowd;
using testing::SyntheticScene;
using testing::Walker;

constexpr std::int64_t kFrameNs = 100'000'000;

ByteTracker make(const ByteTrackerOptions& options = {}) {
  auto tracker = ByteTracker::create(options);
  EXPECT_TRUE(tracker.has_value());
  return std::move(tracker).value();
}

Object person(float x, float score = 0.9F, std::int32_t label = 1) {
  Object object;
  object.box = {x, 100, 40, 100};
  object.score = score;
  object.label = label;
  return object;
}

// Shows one frame; returns the tracks of its objects.
std::vector<std::int64_t> show(ByteTracker& tracker, std::vector<Object> objects, float steps = 1) {
  tracker.update_after(objects, steps);
  std::vector<std::int64_t> tracks;
  for (const Object& object : objects) {
    tracks.push_back(object.track);
  }
  return tracks;
}

using Tracks = std::vector<std::int64_t>;

// Every `every`th frame of the scene goes through the tracker.
MotFigures follow(const std::string& name, SyntheticScene scene, int frames, int every = 1) {
  ByteTracker tracker = make();
  MotEvaluator evaluator;
  std::vector<MotItem> tracks;
  for (int frame = 0; frame < frames; ++frame) {
    scene.render(frame);
    if (frame % every != 0) {
      continue;
    }
    tracker.update(scene.objects(), frame * kFrameNs);
    tracks.clear();
    for (const Object& object : scene.objects()) {
      if (object.track != 0) {
        tracks.push_back({object.track, object.box});
      }
    }
    evaluator.add_frame(scene.truth(), tracks);
  }
  const MotFigures figures = evaluator.figures();
  std::printf("%-34s MOTA %.3f  IDF1 %.3f  switches %zu  misses %zu  false %zu  of %zu boxes\n",
              name.c_str(),
              figures.mota,
              figures.idf1,
              figures.switches,
              figures.misses,
              figures.false_positives,
              figures.truths);
  return figures;
}

TEST(ByteTracker, GivesANumberThatStaysWithItsObject) {
  ByteTracker tracker = make();
  EXPECT_EQ(show(tracker, {person(0), person(300)}), (Tracks{0, 0}));
  EXPECT_EQ(show(tracker, {person(5), person(295)}), (Tracks{1, 2}));
  EXPECT_EQ(show(tracker, {person(290), person(10)}), (Tracks{2, 1}));
}

TEST(ByteTracker, ConfirmsAtOnceWhereOneHitIsEnough) {
  ByteTracker tracker = make({.min_hits = 1});
  EXPECT_EQ(show(tracker, {person(0)}), Tracks{1});
}

TEST(ByteTracker, ConfirmsAfterTheGivenNumberOfHits) {
  ByteTracker tracker = make({.min_hits = 4});
  for (int frame = 0; frame < 3; ++frame) {
    EXPECT_EQ(show(tracker, {person(0)}), Tracks{0});
  }
  EXPECT_EQ(show(tracker, {person(0)}), Tracks{1});
}

TEST(ByteTracker, GivesNoNumberToAFlicker) {
  ByteTracker tracker = make();
  for (int frame = 0; frame < 10; ++frame) {
    const auto seen = frame % 2 == 0 ? std::vector<Object>{person(0)} : std::vector<Object>{};
    for (const std::int64_t track : show(tracker, seen)) {
      EXPECT_EQ(track, 0);
    }
  }
  EXPECT_EQ(tracker.track_count(), 0U);
}

TEST(ByteTracker, ProlongsATrackByAFaintObjectButStartsNone) {
  ByteTracker tracker = make({.min_hits = 1});
  show(tracker, {person(0)});
  EXPECT_EQ(show(tracker, {person(1, 0.2F), person(300, 0.2F)}), (Tracks{1, 0}));
  EXPECT_EQ(show(tracker, {person(2, 0.05F)}), Tracks{0});
}

TEST(ByteTracker, DoesNotBringALostTrackBackByAFaintObject) {
  ByteTracker tracker = make({.min_hits = 1});
  show(tracker, {person(0)});
  show(tracker, {});
  EXPECT_EQ(show(tracker, {person(0, 0.2F)}), Tracks{0});
  EXPECT_EQ(show(tracker, {person(0, 0.9F)}), Tracks{1});
}

TEST(ByteTracker, KeepsALostTrackForMaxLostFrames) {
  for (const int missed : {5, 6}) {
    ByteTracker tracker = make({.max_lost = 5, .min_hits = 1});
    show(tracker, {person(0)});
    for (int frame = 0; frame < missed; ++frame) {
      show(tracker, {});
    }
    EXPECT_EQ(show(tracker, {person(0)}), Tracks{missed == 5 ? 1 : 2}) << missed;
  }
}

TEST(ByteTracker, CountsDroppedFramesTowardsMaxLost) {
  ByteTracker tracker = make({.max_lost = 5, .min_hits = 1});
  show(tracker, {person(0)});
  EXPECT_EQ(show(tracker, {person(0)}, 6), Tracks{1});
  EXPECT_EQ(show(tracker, {person(0)}, 7), Tracks{2});
}

TEST(ByteTracker, PredictsAcrossDroppedFrames) {
  ByteTracker tracker = make({.min_hits = 1, .frame_interval_ns = kFrameNs});
  std::vector<Object> objects(1);
  for (int frame = 0; frame < 20; ++frame) {
    objects[0] = person(static_cast<float>(8 * frame));
    tracker.update(objects, frame * kFrameNs);
  }
  // Eight frames of 8 pixels are more than the box is wide: without the speed there is no overlap.
  objects[0] = person(8 * 27);
  tracker.update(objects, 27 * kFrameNs);
  EXPECT_EQ(objects[0].track, 1);
}

TEST(ByteTracker, NeverMatchesAcrossLabelsPerClass) {
  ByteTracker per_class = make({.min_hits = 1});
  show(per_class, {person(0, 0.9F, 1)});
  EXPECT_EQ(show(per_class, {person(0, 0.9F, 2)}), Tracks{2});

  ByteTracker any_class = make({.min_hits = 1, .per_class = false});
  show(any_class, {person(0, 0.9F, 1)});
  EXPECT_EQ(show(any_class, {person(0, 0.9F, 2)}), Tracks{1});
}

TEST(ByteTracker, ChangesNothingButTheTrack) {
  ByteTracker tracker = make({.min_hits = 1});
  std::vector<Object> objects = {person(0), person(200, 0.2F), person(400, 0.01F)};
  objects[1].track = 77;  // What an earlier tracker wrote does not survive.
  const std::vector<Object> before = objects;
  tracker.update(objects, 0);
  for (std::size_t i = 0; i < objects.size(); ++i) {
    EXPECT_EQ(objects[i].box, before[i].box);
    EXPECT_EQ(objects[i].score, before[i].score);
    EXPECT_EQ(objects[i].label, before[i].label);
  }
  EXPECT_EQ(objects[1].track, 0);
}

TEST(ByteTracker, NeverUsesANumberTwiceAcrossResets) {
  ByteTracker tracker = make({.min_hits = 1});
  std::set<std::int64_t> seen;
  for (int round = 0; round < 5; ++round) {
    for (const std::int64_t track : show(tracker, {person(0), person(200)})) {
      EXPECT_GT(track, 0);
      EXPECT_TRUE(seen.insert(track).second) << track;
    }
    tracker.reset();
    EXPECT_EQ(tracker.track_count(), 0U);
  }
}

TEST(ByteTracker, GivesEachTrackToOneObject) {
  ByteTracker tracker = make({.min_hits = 1});
  show(tracker, {person(0)});
  EXPECT_EQ(show(tracker, {person(4), person(1)}), (Tracks{2, 1}));
}

TEST(ByteTracker, IgnoresBrokenBoxesAndScores) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  ByteTracker tracker = make({.min_hits = 1});
  std::vector<Object> broken = {person(nan), person(0, nan), person(0), person(0)};
  broken[2].box.w = 0;
  broken[3].box.h = std::numeric_limits<float>::infinity();
  EXPECT_EQ(show(tracker, broken), (Tracks{0, 0, 0, 0}));
  EXPECT_EQ(show(tracker, {person(0)}), Tracks{1});
}

TEST(ByteTracker, SurvivesBoxesAtTheEndsOfTheNumbers) {
  const float huge = std::numeric_limits<float>::max();
  ByteTracker tracker = make({.min_hits = 1});
  Object object = person(0);
  object.box = {-huge, -huge, huge, huge};
  for (int frame = 0; frame < 5; ++frame) {
    show(tracker, {object, person(0)}, 1e30F);
  }
  EXPECT_NE(show(tracker, {person(0)})[0], 0);
}

TEST(ByteTracker, StartsNoTrackBeyondItsBound) {
  ByteTracker tracker = make({.min_hits = 1, .max_tracks = 2});
  EXPECT_EQ(show(tracker, {person(0), person(200), person(400)}), (Tracks{1, 2, 0}));
}

TEST(ByteTracker, RefusesOptionsOutOfRange) {
  const auto is_refused = [](const ByteTrackerOptions& options) {
    const auto tracker = ByteTracker::create(options);
    return !tracker.has_value() && tracker.error().code == Errc::kInvalidArgument;
  };
  EXPECT_TRUE(is_refused({.track_high = 1.5F}));
  EXPECT_TRUE(is_refused({.match_iou = std::nanf("")}));
  EXPECT_TRUE(is_refused({.track_low = 0.6F}));
  EXPECT_TRUE(is_refused({.new_track = 0.3F}));
  EXPECT_TRUE(is_refused({.max_lost = -1}));
  EXPECT_TRUE(is_refused({.min_hits = 0}));
  EXPECT_TRUE(is_refused({.max_tracks = 0}));
  EXPECT_TRUE(is_refused({.frame_interval_ns = 0}));
}

// Two walk towards each other on one line and pass; the further one is seen less and less.
std::vector<Walker> crossing() {
  return {{.last = 79, .box = {100, 200, 40, 100}, .step_x = 5},
          {.last = 79, .box = {500, 206, 42, 104}, .step_x = -5}};
}

TEST(ByteTrackerScenes, KeepsNumbersWhenTwoCross) {
  const MotFigures figures = follow("crossing", SyntheticScene(crossing(), {}, 1), 80);
  EXPECT_EQ(figures.switches, 0U);
  EXPECT_GE(figures.mota, 0.95);
  EXPECT_GE(figures.idf1, 0.95);
}

TEST(ByteTrackerScenes, KeepsNumbersWhenOneHidesTheOther) {
  const DetectorFaults faults = {.jitter = 0.03F, .faint_from = 0.3F, .unseen_from = 0.6F};
  for (std::uint32_t seed = 1; seed <= 10; ++seed) {
    const MotFigures figures =
        follow("crossing, hidden, jitter", SyntheticScene(crossing(), faults, seed), 80);
    EXPECT_EQ(figures.switches, 0U) << "seed " << seed;
    EXPECT_GE(figures.mota, 0.85) << "seed " << seed;
  }
}

TEST(ByteTrackerScenes, FindsAWalkerAgainBehindAPillar) {
  const Walker walker = {
      .last = 99, .box = {50, 200, 40, 100}, .step_x = 4, .hidden_from = 40, .hidden_to = 54};
  const MotFigures figures =
      follow("pillar, 15 frames", SyntheticScene({walker}, {.jitter = 0.03F}, 2), 100);
  EXPECT_EQ(figures.switches, 0U);
  EXPECT_GE(figures.mota, 0.95);
}

TEST(ByteTrackerScenes, GivesNewNumbersToThoseWhoEnter) {
  std::vector<Walker> walkers;
  for (int i = 0; i < 6; ++i) {
    walkers.push_back(
        {.first = 40 * i, .last = 40 * i + 99, .box = {0, 200, 40, 100}, .step_x = 6});
  }
  const MotFigures figures =
      follow("entering and leaving", SyntheticScene(walkers, {.jitter = 0.02F}, 3), 300);
  EXPECT_EQ(figures.switches, 0U);
  EXPECT_GE(figures.mota, 0.95);
  EXPECT_GE(figures.idf1, 0.95);
}

TEST(ByteTrackerScenes, FollowsACrowdWithoutFaults) {
  const MotFigures figures =
      follow("crowd of 15", SyntheticScene(make_crowd(15, 300, 4), {}, 4), 300);
  EXPECT_EQ(figures.switches, 0U);
  EXPECT_GE(figures.mota, 0.95);
}

TEST(ByteTrackerScenes, FollowsACrowdOfWhomOneInTenIsMissed) {
  const DetectorFaults faults = {.jitter = 0.04F, .miss_rate = 0.1F};
  const MotFigures figures = follow(
      "crowd of 15, 10 % missed, jitter", SyntheticScene(make_crowd(15, 300, 5), faults, 5), 300);
  EXPECT_GE(figures.mota, 0.85);
  EXPECT_GE(figures.idf1, 0.85);
  EXPECT_LE(figures.switches, 4U);
}

TEST(ByteTrackerScenes, KeepsFalseAlarmsWithoutNumbers) {
  const DetectorFaults faults = {.jitter = 0.04F, .false_per_frame = 0.5F};
  const MotFigures figures =
      follow("crowd of 15, false alarms", SyntheticScene(make_crowd(15, 300, 6), faults, 6), 300);
  EXPECT_LE(figures.false_positives, 5U);
  EXPECT_GE(figures.mota, 0.95);
}

TEST(ByteTrackerScenes, FollowsACrowdOfWhichEveryThirdFrameArrives) {
  const MotFigures figures = follow("crowd of 15, every third frame",
                                    SyntheticScene(make_crowd(15, 300, 7), {.jitter = 0.02F}, 7),
                                    300,
                                    3);
  EXPECT_GE(figures.mota, 0.9);
  EXPECT_LE(figures.switches, 2U);
}

}  // namespace
}  // namespace penstock
