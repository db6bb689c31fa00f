/// The traps of the scheduler's design, each a test with its name: swaps, ends, order, readers.
#include <gtest/gtest.h>

#include "engine/schedule/testing/small_world.h"

namespace penstock {
namespace {

using testing::Feed;
using testing::SmallWorld;
using namespace std::chrono_literals;

constexpr auto kAccepted = Admission::Verdict::kAccepted;

/// Nothing went wrong on the way, and nothing is left.
void expect_clean(SmallWorld& world) {
  EXPECT_TRUE(world.run_to_rest());
  EXPECT_TRUE(world.violations().empty()) << world.violations().front();
  EXPECT_EQ(world.scheduler().requests_held(), 0U);
}

TEST(ScheduleTraps, SwapWhileFramesAreInFlightWaitsForThem) {
  SmallWorld world(2, 1, {}, 3);
  FlowKnobs knobs;
  knobs.frame_limit = 5;
  world.join(1, 0, knobs);
  world.join(2, 1, knobs);
  world.submit_many(1, 16);
  world.submit_many(2, 16);
  // The world reports a change of residence on sub-devices that are not drained.
  expect_clean(world);
  EXPECT_GE(world.changes().size(), 3U);
  EXPECT_EQ(world.finished(FinishReason::kDone), 32U);
}

TEST(ScheduleTraps, SwapsOfOneDeviceComeOneAfterTheOther) {
  SmallWorld world(0);
  world.add_device(DeviceNumber{1}, {4, 0, 0, 1});
  PlacementFacts facts;
  facts.activation_estimate = SmallWorld::kSwap;
  facts.service_estimate = SmallWorld::kService;
  for (std::uint32_t package = 0; package < 3; ++package) {
    world.set_model(PackageNumber{package},
                    {SmallWorld::kService, SmallWorld::kService, SmallWorld::kSwap});
    world.apply(AddPackage{PackageNumber{package}, {}});
    PlacePackage place;
    place.package = PackageNumber{package};
    place.device = DeviceNumber{1};
    for (std::uint32_t core = 0; core < 4; ++core) {
      facts.sub_devices = SubDeviceMask{1} << core;
      place.placements.push_back(facts);
    }
    world.apply(place);
    world.apply(AddClient{ClientNumber{package}, SmallWorld::uncounted()});
    OpenFlow event;
    event.flow = FlowNumber{package + 1};
    event.client = ClientNumber{package};
    event.package = PackageNumber{package};
    event.devices = {DeviceNumber{1}};
    event.knobs.frame_limit = 20;
    world.open(event);
    world.feed(event.flow, {});
  }
  world.run_for(20s);
  // The world reports a change that starts while another one of the device is under way.
  EXPECT_TRUE(world.violations().empty()) << world.violations().front();
  EXPECT_GT(world.changes().size(), 20U) << "there was something to swap";
  for (const auto& lane : world.scheduler().snapshot(world.now()).lanes) {
    EXPECT_EQ(lane.failed_loads, 0U);
    EXPECT_FALSE(lane.given_up);
  }
}

TEST(ScheduleTraps, EmptySwapIsDropped) {
  SmallWorld world;
  world.join(1, 0);
  world.join(2, 1);
  world.submit_many(1, 1);
  world.run_for(25ms);  // The first runs until 30 ms.
  ASSERT_EQ(world.submit(FlowNumber{2}).verdict, kAccepted);
  world.apply(CancelRequest{RequestNumber{2}});  // Between choice and swap.
  expect_clean(world);
  EXPECT_EQ(world.changes().size(), 1U) << "nothing was swapped for an empty queue";
  EXPECT_EQ(world.count(2, FinishReason::kCancelled), 1U);
}

TEST(ScheduleTraps, FailedLoadAfterTheLastGoodOneLeftRollsBack) {
  SmallWorld world;
  world.join(1, 0);
  world.join(2, 1);
  world.feed(FlowNumber{1}, {});
  world.run_for(8s);
  world.troubles().fails_load = [](DeviceNumber, PackageNumber package) {
    return package.value == 1;
  };
  world.submit_many(2, 1);
  world.run_for(1s);
  const auto done = world.flow(FlowNumber{1}).done_frames;
  world.run_for(30s);
  EXPECT_GT(world.flow(FlowNumber{1}).done_frames, done + 2000) << "the good one came back";
  EXPECT_EQ(world.count(2, FinishReason::kNoDevice), 1U) << "its client is told why";
  EXPECT_TRUE(world.scheduler().snapshot(world.now()).lanes[1].given_up);
}

TEST(ScheduleTraps, ClientDeathMidTransferKeepsBuffersUntilTheDeviceIsDone) {
  SmallWorld world;
  world.join(1, 0);
  world.submit_many(1, 3);
  world.run_for(25ms);
  world.remove_client(ClientNumber{1});
  ASSERT_EQ(world.ended().size(), 2U) << "what waited ends at once, what runs does not";
  world.run_for(4ms);
  EXPECT_EQ(world.ended().size(), 2U);
  expect_clean(world);
  EXPECT_EQ(world.count(1, FinishReason::kClientGone), 3U);
}

TEST(ScheduleTraps, DeadClientsFrameInAMixedBatchDoesNotHarmTheOthers) {
  SmallWorld world(0);
  BatchKnobs batch;
  batch.preferred_frames = 2;
  world.add_package(0, 1, 1, batch);
  world.join(1, 0);
  world.join(2, 0);
  world.submit_many(1, 1);
  world.submit_many(2, 1);
  world.run_for(25ms);
  ASSERT_EQ(world.started().size(), 1U);
  ASSERT_EQ(world.started()[0].requests.size(), 2U);
  world.remove_client(ClientNumber{1});
  expect_clean(world);
  EXPECT_EQ(world.count(1, FinishReason::kClientGone), 1U);
  EXPECT_EQ(world.count(2, FinishReason::kDone), 1U);
}

TEST(ScheduleTraps, IdReuseAfterRestartMixesNothingUp) {
  SmallWorld world;
  world.join(1, 0);
  world.submit_many(1, 2);
  world.run_for(25ms);
  world.remove_client(ClientNumber{1});
  // The same numbers at once, while the dead one's frame still runs.
  world.join(1, 0);
  EXPECT_EQ(world.submit(FlowNumber{1}).verdict, kAccepted);
  expect_clean(world);
  EXPECT_EQ(world.finished(FinishReason::kClientGone), 2U);
  EXPECT_EQ(world.finished(FinishReason::kDone), 1U);
}

TEST(ScheduleTraps, DoubleReleaseByTwoReapersChangesNothing) {
  SmallWorld world;
  world.join(1, 0);
  world.submit_many(1, 3);
  world.run_for(25ms);
  world.close(FlowNumber{1});
  world.remove_client(ClientNumber{1});
  world.apply(RemoveClient{ClientNumber{1}});
  world.apply(CloseFlow{FlowNumber{1}});
  expect_clean(world);
  EXPECT_EQ(world.ended().size(), 3U);
  const BatchNumber batch = world.started()[0].batch.batch;
  world.apply(BatchDone{batch, Errc::kOk, {}});
  EXPECT_EQ(world.scheduler().snapshot(world.now()).stale, 1U);
}

TEST(ScheduleTraps, RefusalAfterAcceptanceNeverHappens) {
  SmallWorld world;
  FlowKnobs knobs;
  knobs.when_full = WhenFull::kReject;
  knobs.ifmap_queue_size = 4;
  world.join(1, 0, knobs);
  std::size_t accepted = 0;
  for (int i = 0; i < 10; ++i) {
    const Admission admission = world.submit(FlowNumber{1});
    accepted += admission.verdict == kAccepted ? 1 : 0;
    EXPECT_TRUE(admission.verdict == kAccepted ||
                admission.verdict == Admission::Verdict::kRefused);
  }
  EXPECT_EQ(accepted, 4U);
  expect_clean(world);
  EXPECT_EQ(world.count(1, FinishReason::kDone), 4U);
}

TEST(ScheduleTraps, OrderHoldsAcrossTwoDevicesRetriesAndDrops) {
  SmallWorld world(1, 2, {}, 2);
  world.apply(AddClient{ClientNumber{1}, SmallWorld::uncounted()});
  OpenFlow event;
  event.flow = FlowNumber{1};
  event.client = ClientNumber{1};
  event.package = PackageNumber{0};
  event.devices = {DeviceNumber{0}, DeviceNumber{1}};
  event.placement = FlowPlacement::kLeastLoaded;
  event.failover = true;
  event.knobs.when_full = WhenFull::kDropOldest;
  world.open(event);
  int count = 0;
  world.troubles().fails_batch = [&](const RunBatch&) {
    return ++count % 7 == 0 ? Errc::kInternal : Errc::kOk;
  };
  Feed feed;
  feed.period = 4ms;
  feed.stop = world.now() + 2s;
  world.feed(FlowNumber{1}, feed);
  world.at(world.now() + 1s, [&] { world.lose(DeviceNumber{0}); });
  // The world reports a request that starts before an older one of its flow.
  expect_clean(world);
  EXPECT_GT(world.finished(FinishReason::kDone), 200U);
  EXPECT_GT(world.finished(FinishReason::kDropped), 10U);
}

TEST(ScheduleTraps, DroppedFrameReleasesItsOrderPlace) {
  SmallWorld world;
  FlowKnobs knobs;
  knobs.when_full = WhenFull::kDropOldest;
  knobs.ifmap_queue_size = 3;
  world.join(1, 0, knobs);
  for (int i = 0; i < 100; ++i) {
    ASSERT_EQ(world.submit(FlowNumber{1}).verdict, kAccepted);
  }
  expect_clean(world);
  EXPECT_EQ(world.count(1, FinishReason::kDropped), 97U);
  EXPECT_EQ(world.count(1, FinishReason::kDone), 3U);
}

TEST(ScheduleTraps, SlowReaderFillsOnlyItsOwnQueue) {
  SmallWorld world(1);
  world.join(1, 0, {}, ClientKnobs{});
  world.join(2, 0);
  world.read_slowly(ClientNumber{1}, SmallWorld::kNever);
  world.feed(FlowNumber{1}, {});
  world.feed(FlowNumber{2}, {});
  world.run_for(10s);
  EXPECT_EQ(world.flow(FlowNumber{1}).done_frames, 12U) << "its output queue, no more";
  EXPECT_GT(world.flow(FlowNumber{2}).done_frames, 950U) << "the device goes on for the other";
  world.apply(OutputTaken{ClientNumber{1}, 2});
  world.run_for(1s);
  EXPECT_EQ(world.flow(FlowNumber{1}).done_frames, 14U);
}

TEST(ScheduleTraps, PausedSourceInMidTurnYields) {
  SmallWorld world;
  world.join(1, 0);
  world.join(2, 1);
  world.submit_many(1, 10);  // Of a turn of 600, then it pauses for ever.
  world.run_for(50ms);
  world.feed(FlowNumber{2}, {});
  world.run_for(3s);
  EXPECT_GT(world.flow(FlowNumber{2}).done_frames, 250U);
}

TEST(ScheduleTraps, LingerKeepsThePlaceForAWhileOnly) {
  SmallWorld world;
  FlowKnobs knobs;
  knobs.linger = 300ms;
  world.join(1, 0, knobs);
  world.join(2, 1);
  world.submit_many(1, 1);
  world.run_for(35ms);
  const TimePoint empty_since = world.now() - 5ms;
  world.submit_many(2, 1);
  world.run_for(3s);
  ASSERT_EQ(world.changes().size(), 2U);
  EXPECT_EQ(world.changes()[1].start - empty_since, 300ms);
}

TEST(ScheduleTraps, ThrashIsHeldBelowTheSwapShare) {
  SmallWorld world;
  FlowKnobs knobs;
  knobs.frame_limit = 1;  // Two packages, one frame each.
  world.join(1, 0, knobs);
  world.join(2, 1, knobs);
  world.feed(FlowNumber{1}, {});
  world.feed(FlowNumber{2}, {});
  const TimePoint start = world.now();
  world.run_for(20s);
  Duration swapping{0};
  for (const auto& change : world.changes()) {
    swapping += change.end - change.start;
  }
  EXPECT_GT(world.changes().size(), 100U);
  EXPECT_LE(swapping * 5, world.now() - start + SmallWorld::kSwap);
}

TEST(ScheduleTraps, IdleTimersDoNotSpin) {
  SmallWorld world;
  world.join(1, 0);
  world.join(2, 1);
  SchedulerActions actions;
  EXPECT_FALSE(world.scheduler().decide(world.now(), actions).has_value());
  world.submit_many(1, 3);
  world.submit_many(2, 3);
  EXPECT_TRUE(world.run_to_rest());
  const auto before = world.decisions();
  world.run_for(std::chrono::hours(1));
  EXPECT_EQ(world.decisions(), before) << "an idle scheduler makes no decision at all";
  EXPECT_FALSE(world.scheduler().decide(world.now(), actions).has_value());
}

TEST(ScheduleTraps, KnobChangedWhileSleepingCountsAtOnce) {
  SmallWorld world(1);
  FlowKnobs knobs;
  knobs.min_frames = 10;
  knobs.max_wait = FlowKnobs::kOff;
  world.join(1, 0, knobs);
  world.submit_many(1, 2);
  world.run_for(5s);
  EXPECT_TRUE(world.started().empty());
  knobs.min_frames = 2;
  world.apply(SetFlowKnobs{FlowNumber{1}, knobs});
  expect_clean(world);
  EXPECT_EQ(world.count(1, FinishReason::kDone), 2U);
}

TEST(ScheduleTraps, AccountingDoesNotDriftAfterARefusal) {
  SmallWorld world;
  FlowKnobs knobs;
  knobs.when_full = WhenFull::kReject;
  knobs.ifmap_queue_size = 2;
  world.join(1, 0, knobs);
  for (int round = 0; round < 50; ++round) {
    EXPECT_EQ(world.submit(FlowNumber{1}).verdict, kAccepted);
    EXPECT_EQ(world.submit(FlowNumber{1}).verdict, kAccepted);
    EXPECT_EQ(world.submit(FlowNumber{1}).verdict, Admission::Verdict::kRefused);
    EXPECT_EQ(world.submit(FlowNumber{1}, 3).verdict, Admission::Verdict::kRefused);
    ASSERT_TRUE(world.run_to_rest());
  }
  EXPECT_EQ(world.count(1, FinishReason::kDone), 100U);
}

TEST(ScheduleTraps, TeardownWorksInEveryOrder) {
  for (int order = 0; order < 24; ++order) {
    SmallWorld world;
    world.join(1, 0);
    world.join(2, 1);
    world.submit_many(1, 4);
    world.submit_many(2, 4);
    world.run_for(25ms);
    std::vector<int> steps = {0, 1, 2, 3};
    for (int i = 0; i < order; ++i) {
      std::next_permutation(steps.begin(), steps.end());
    }
    for (const int step : steps) {
      switch (step) {
        case 0:
          world.remove_client(ClientNumber{1});
          break;
        case 1:
          world.apply(RemovePackage{PackageNumber{0}});
          break;
        case 2:
          world.apply(RemovePackage{PackageNumber{1}});
          break;
        default:
          world.apply(RemoveDevice{DeviceNumber{0}});
          break;
      }
    }
    SCOPED_TRACE("order " + std::to_string(order));
    expect_clean(world);
    EXPECT_EQ(world.ended().size(), 8U);
  }
}

TEST(ScheduleTraps, DeadlineThatPassesInsideABatchIsSeenBeforeItLeaves) {
  SmallWorld world(0);
  BatchKnobs batch;
  batch.preferred_frames = 4;
  batch.wait = 100ms;
  world.add_package(0, 1, 1, batch);
  world.join(1, 0);
  ASSERT_EQ(world.submit(FlowNumber{1}, 1, 1s).verdict, kAccepted);
  ASSERT_EQ(world.submit(FlowNumber{1}, 1, 50ms).verdict, kAccepted);  // Waits behind the first.
  expect_clean(world);
  EXPECT_EQ(world.count(1, FinishReason::kDone), 1U);
  EXPECT_EQ(world.count(1, FinishReason::kExpired), 1U);
  ASSERT_EQ(world.started().size(), 1U);
  EXPECT_EQ(world.started()[0].requests.size(), 1U);
}

TEST(ScheduleTraps, TimeGoingByWithNoEventsIsAskedFor) {
  SmallWorld world;
  world.join(1, 0);
  world.join(2, 1);
  world.feed(FlowNumber{1}, {});
  world.run_for(100ms);
  const TimePoint submitted = world.now();
  ASSERT_EQ(world.submit(FlowNumber{2}, 1, 40ms).verdict, kAccepted);
  world.run_for(1s);
  ASSERT_EQ(world.count(2, FinishReason::kExpired), 1U);
  for (const auto& one : world.ended()) {
    if (one.reason == FinishReason::kExpired) {
      EXPECT_EQ(one.time - submitted, 40ms) << "on the point, though nothing else happened";
    }
  }
}

TEST(ScheduleTraps, ExpiredAtAdmissionIsNotTaken) {
  SmallWorld world;
  world.join(1, 0);
  const Admission admission = world.submit(FlowNumber{1}, 1, 0ms);
  EXPECT_EQ(admission.verdict, Admission::Verdict::kDropped);
  EXPECT_EQ(admission.reason, FinishReason::kExpired);
  EXPECT_EQ(world.scheduler().requests_held(), 0U);
}

}  // namespace
}  // namespace penstock
