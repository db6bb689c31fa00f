/// The traps of the scheduler's design that are about waiting: starvation, inversion, blocking.
#include <array>

#include <gtest/gtest.h>

#include "engine/schedule/testing/small_world.h"

namespace penstock {
namespace {

using testing::Feed;
using testing::SmallWorld;
using namespace std::chrono_literals;

ClientKnobs of_class(PriorityClass priority, double weight = 1) {
  ClientKnobs knobs = SmallWorld::uncounted();
  knobs.priority = priority;
  knobs.weight = weight;
  return knobs;
}

TEST(ScheduleWaits, NobodyStarvesByPriority) {
  SmallWorld world;
  world.join(1, 0, {}, of_class(PriorityClass::kHigh));
  world.join(2, 1, {}, of_class(PriorityClass::kLow));
  world.join(3, 0, {}, of_class(PriorityClass::kLow));
  for (std::uint32_t flow = 1; flow <= 3; ++flow) {
    world.feed(FlowNumber{flow}, {});
  }
  world.run_for(60s);
  EXPECT_TRUE(world.violations().empty()) << world.violations().front();
  EXPECT_GE(world.flow(FlowNumber{2}).done_frames, 5U) << "by max_wait, through a swap";
  EXPECT_GE(world.flow(FlowNumber{3}).done_frames, 5U) << "by max_wait, beside the other";
  EXPECT_GT(world.flow(FlowNumber{1}).done_frames, 5000U) << "classes are strict otherwise";
}

TEST(ScheduleWaits, NobodyStarvesByANewcomer) {
  SmallWorld world(1);
  world.join(1, 0);
  world.feed(FlowNumber{1}, {});
  world.run_for(60s);
  world.join(2, 0);
  world.feed(FlowNumber{2}, {});
  const auto before = world.flow(FlowNumber{1}).done_frames;
  world.run_for(2s);
  EXPECT_NEAR(static_cast<double>(world.flow(FlowNumber{1}).done_frames - before), 100, 5)
      << "the newcomer starts at the current minimum, not at zero";
}

TEST(ScheduleWaits, NobodyStarvesByAlwaysOneMoreFrame) {
  SmallWorld world;
  FlowKnobs knobs;
  knobs.frame_limit = 0;  // No limit at all, and a queue that is never empty.
  world.join(1, 0, knobs);
  world.feed(FlowNumber{1}, {});
  world.run_for(5s);
  world.join(2, 1);
  const TimePoint asked = world.now();
  world.submit_many(2, 1);
  world.run_for(5s);
  EXPECT_LE(world.first_start(2, asked) - asked,
            *world.scheduler().published_wait_bound(FlowNumber{2}));
}

TEST(ScheduleWaits, NobodyStarvesByALargeBatchFilling) {
  SmallWorld world(0);
  BatchKnobs batch;
  batch.preferred_frames = 64;
  batch.wait = 30ms;
  world.add_package(0, 1, 1, batch);
  world.join(1, 0);
  const TimePoint asked = world.now();
  world.submit_many(1, 1);
  world.run_for(1s);
  EXPECT_EQ(world.first_start(1) - asked, 30ms) << "the wait counts from the oldest frame";
}

TEST(ScheduleWaits, InversionIsBoundedByLongestBatchAndSwap) {
  SmallWorld world;
  world.join(1, 0, {}, of_class(PriorityClass::kLow));
  world.join(2, 1, {}, of_class(PriorityClass::kHigh));
  world.feed(FlowNumber{1}, {});
  world.run_for(1s);
  const TimePoint asked = world.now();
  world.submit_many(2, 1);
  world.run_for(1s);
  EXPECT_LE(world.first_start(2, asked) - asked, SmallWorld::kService + SmallWorld::kSwap);
}

TEST(ScheduleWaits, HeadOfLineDoesNotBlockOnAMissingResource) {
  // One core is wanted by a package that has to wait for its turn; another core is free.
  testing::ScheduleWorld world;
  world.add_device(DeviceNumber{0}, {2, 0, 0, 1});
  for (std::uint32_t i = 0; i < 3; ++i) {
    world.set_model(PackageNumber{i}, {10ms, 10ms, 20ms});
    world.apply(AddPackage{PackageNumber{i}, {}});
    PlacementFacts facts;
    facts.sub_devices = i == 2 ? 2 : 1;
    world.apply(PlacePackage{PackageNumber{i}, DeviceNumber{0}, {facts}, false});
    world.apply(AddClient{ClientNumber{i}, SmallWorld::uncounted()});
    OpenFlow open;
    open.flow = FlowNumber{i + 1};
    open.client = ClientNumber{i};
    open.package = PackageNumber{i};
    open.devices = {DeviceNumber{0}};
    world.open(open);
  }
  world.feed(FlowNumber{1}, {});
  world.run_for(100ms);
  world.feed(FlowNumber{2}, {});  // Waits for core 0.
  world.run_for(100ms);
  EXPECT_EQ(world.flow(FlowNumber{2}).done_frames, 0U);
  world.feed(FlowNumber{3}, {});
  world.run_for(100ms);
  EXPECT_GE(world.flow(FlowNumber{3}).done_frames, 7U);
}

TEST(ScheduleWaits, SmallJobsDoNotStarveALargeOne) {
  // Four packages of one core each keep the cores busy; one wants all of them.
  testing::ScheduleWorld world;
  world.add_device(DeviceNumber{0}, {4, 0, 0, 1});
  for (std::uint32_t i = 0; i < 6; ++i) {
    world.set_model(PackageNumber{i}, {10ms, 10ms, 20ms});
    world.apply(AddPackage{PackageNumber{i}, {}});
    PlacePackage place;
    place.package = PackageNumber{i};
    place.device = DeviceNumber{0};
    for (std::uint32_t core = 0; core < (i == 5 ? 1U : 4U); ++core) {
      PlacementFacts facts;
      facts.sub_devices = i == 5 ? 0xF : SubDeviceMask{1} << core;
      place.placements.push_back(facts);
    }
    world.apply(place);
    world.apply(AddClient{ClientNumber{i}, SmallWorld::uncounted()});
    OpenFlow open;
    open.flow = FlowNumber{i + 1};
    open.client = ClientNumber{i};
    open.package = PackageNumber{i};
    open.devices = {DeviceNumber{0}};
    open.knobs.frame_limit = 50;
    world.open(open);
    world.feed(open.flow, {});
  }
  world.run_for(60s);
  EXPECT_TRUE(world.violations().empty()) << world.violations().front();
  // A sixth of the device's time is four sixths of a core's: ten seconds of the whole device.
  EXPECT_NEAR(static_cast<double>(world.flow(FlowNumber{6}).done_frames), 1000, 200);
}

TEST(ScheduleWaits, MaxWaitOutranksOnceOnly) {
  SmallWorld world;
  world.join(1, 0, {}, of_class(PriorityClass::kHigh));
  world.join(2, 1, {}, of_class(PriorityClass::kLow));
  world.feed(FlowNumber{1}, {});
  world.feed(FlowNumber{2}, {});
  world.run_for(60s);
  const auto high = static_cast<double>(world.flow(FlowNumber{1}).done_frames);
  const auto low = static_cast<double>(world.flow(FlowNumber{2}).done_frames);
  EXPECT_LT(low / high, 0.05) << "it does not keep the place that it was given once";
}

TEST(ScheduleWaits, NoWaitIsLongerThanPublishedUnderFullLoad) {
  SmallWorld world(4);
  FlowKnobs knobs;
  knobs.frame_limit = 100;
  for (std::uint32_t i = 1; i <= 12; ++i) {
    world.join(i, i % 4, knobs, of_class(static_cast<PriorityClass>(i % 3), i % 5 + 1));
    world.feed(FlowNumber{i}, {});
  }
  world.run_for(120s);
  EXPECT_TRUE(world.violations().empty()) << world.violations().front();
  EXPECT_GT(world.worst_wait_share(), 0.1) << "the load was not full";
}

TEST(ScheduleWaits, DropsDoNotKeepMaxWaitFromPassing) {
  SmallWorld world(1);
  world.join(1, 0, {}, of_class(PriorityClass::kHigh));
  world.feed(FlowNumber{1}, {});
  FlowKnobs knobs;
  knobs.ifmap_queue_size = 2;
  knobs.when_full = WhenFull::kDropOldest;
  knobs.max_wait = 300ms;
  world.join(2, 0, knobs, of_class(PriorityClass::kLow));
  Feed feed;
  feed.period = 50ms;
  world.feed(FlowNumber{2}, feed);
  world.run_for(10s);
  // A frame lives 100 ms in its queue; the flow waits on when it is dropped.
  EXPECT_NEAR(static_cast<double>(world.flow(FlowNumber{2}).done_frames), 10'000.0 / 300, 7);
  EXPECT_TRUE(world.violations().empty()) << world.violations().front();
}

TEST(ScheduleWaits, TurnOfFlowsWithDifferentLimitsIsAsLongAsPublished) {
  SmallWorld world;
  FlowKnobs by_frames;
  by_frames.frame_limit = 150;
  FlowKnobs by_time;
  by_time.frame_limit = 0;
  by_time.time_limit = 100ms;
  FlowKnobs both = by_frames;
  both.time_limit = 50ms;
  world.join(1, 0, by_frames);
  world.join(2, 0, both);
  FlowKnobs waiting;
  waiting.max_wait = 10ms;
  world.join(3, 1, waiting);
  for (const std::uint32_t flow : {1U, 2U}) {
    world.feed(FlowNumber{flow}, {});
  }
  Feed now_and_then;
  now_and_then.period = 3s;
  world.feed(FlowNumber{3}, now_and_then);
  world.run_for(30s);
  EXPECT_TRUE(world.violations().empty()) << world.violations().front();
  EXPECT_GT(world.worst_wait_share(), 0.5);
  // One of the turn leaves; it keeps its words to the end.
  world.close(FlowNumber{1});
  world.join(4, 0, by_time);
  world.feed(FlowNumber{4}, {});
  world.run_for(30s);
  EXPECT_TRUE(world.violations().empty()) << world.violations().front();
}

TEST(ScheduleWaits, PacedClientKeepsItsRate) {
  SmallWorld world(1);
  ClientKnobs knobs = SmallWorld::uncounted();
  knobs.fps_target = 25;
  world.join(1, 0, {}, knobs);
  world.feed(FlowNumber{1}, {});
  world.run_for(10s);
  EXPECT_NEAR(static_cast<double>(world.flow(FlowNumber{1}).done_frames), 250, 2);
}

TEST(ScheduleWaits, FlowsOfAClientAreReadyWhenTogetherTheyHaveTheLeastFrames) {
  SmallWorld world(1);
  FlowKnobs knobs;
  knobs.min_frames = 3;
  knobs.max_wait = FlowKnobs::kOff;
  OpenFlow event = world.join(1, 0, knobs);
  event.flow = FlowNumber{2};
  event.stream = 1;
  world.open(event, true);
  world.submit_many(1, 1);
  world.submit_many(2, 1);
  world.run_for(5s);
  EXPECT_EQ(world.finished(FinishReason::kDone), 0U);
  world.submit_many(2, 1);
  world.run_for(5s);
  EXPECT_EQ(world.finished(FinishReason::kDone), 3U);
}

TEST(ScheduleWaits, FlowsThatNeedNotWaitForMoreAreReadyAtOnce) {
  SmallWorld world(1);
  FlowKnobs knobs;
  knobs.min_frames = 3;
  knobs.max_wait = FlowKnobs::kOff;
  const OpenFlow event = world.join(1, 0, knobs);
  world.submit_many(1, 2);
  world.run_for(5s);
  EXPECT_EQ(world.finished(FinishReason::kDone), 0U);
  knobs.min_frames = 1;
  world.apply(SetFlowKnobs{event.flow, knobs});
  world.run_for(5s);
  EXPECT_EQ(world.finished(FinishReason::kDone), 2U);
}

/// Returns what three flows of one client, of the given weights, got done in 30 s.
std::array<double, 3> shares_of_a_paced_client(const std::array<double, 3>& weights) {
  SmallWorld world(1);
  ClientKnobs knobs = SmallWorld::uncounted();
  knobs.fps_target = 10;
  FlowKnobs roomy;
  roomy.ifmap_queue_size = 4096;
  OpenFlow event = world.join(1, 0, roomy, knobs);
  Feed feed;
  feed.period = 50ms;
  std::array<double, 3> done{};
  for (std::uint32_t i = 0; i < 3; ++i) {
    event.flow = FlowNumber{i + 1};
    event.stream = i;
    event.knobs.weight = weights[i];
    if (i == 0) {
      world.apply(SetFlowKnobs{event.flow, event.knobs});
    } else {
      world.open(event, true);
    }
    world.feed(event.flow, feed);
  }
  world.run_for(30s);
  EXPECT_TRUE(world.violations().empty()) << world.violations().front();
  for (std::uint32_t i = 0; i < 3; ++i) {
    done[i] = static_cast<double>(world.flow(FlowNumber{i + 1}).done_frames);
  }
  return done;
}

TEST(ScheduleWaits, FlowsOfAPacedClientTakeTurns) {
  const auto done = shares_of_a_paced_client({1, 1, 1});
  for (const double one : done) {
    EXPECT_NEAR(one, 100, 3);
  }
}

TEST(ScheduleWaits, FlowsOfAPacedClientShareByWeight) {
  const auto done = shares_of_a_paced_client({1, 5, 4});
  EXPECT_NEAR(done[0], 30, 3);
  EXPECT_NEAR(done[1], 150, 5);
  EXPECT_NEAR(done[2], 120, 5);
}

TEST(ScheduleWaits, SmoothingWithoutARateNeitherDividesByZeroNorStops) {
  SmallWorld world(1);
  ClientKnobs knobs = SmallWorld::uncounted();
  knobs.smoothing = true;
  world.join(1, 0, {}, knobs);
  Feed feed;
  feed.period = 200ms;
  feed.burst = 5;
  world.feed(FlowNumber{1}, feed);
  world.run_for(10s);
  EXPECT_GE(world.flow(FlowNumber{1}).done_frames, 240U);
}

}  // namespace
}  // namespace penstock
