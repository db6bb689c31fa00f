/// Devices that fail: hangs, losses, resets, retries, failover.
#include <gtest/gtest.h>

#include "engine/schedule/testing/small_world.h"

namespace penstock {
namespace {

using testing::SmallWorld;
using namespace std::chrono_literals;

void expect_clean(SmallWorld& world) {
  EXPECT_TRUE(world.run_to_rest());
  EXPECT_TRUE(world.violations().empty()) << world.violations().front();
  EXPECT_EQ(world.scheduler().requests_held(), 0U);
}

TEST(ScheduleFaults, HungBatchIsCancelledThenTheDeviceIsReset) {
  SmallWorld world(1);
  world.join(1, 0);
  bool hangs = true;
  world.troubles().hangs = [&](const RunBatch&) { return std::exchange(hangs, false); };
  world.submit_many(1, 2);
  world.run_for(19s);
  EXPECT_EQ(world.resets(), 0U) << "it is only cancelled at the limit of 10 s";
  EXPECT_EQ(world.started().size(), 1U);
  world.run_for(1100ms);
  EXPECT_EQ(world.resets(), 1U) << "at twice the limit the device is faulty";
  EXPECT_EQ(world.started().size(), 1U)
      << "the frame waits until the device is known not to write into its buffer";
  expect_clean(world);
  EXPECT_EQ(world.count(1, FinishReason::kDone), 2U);
}

TEST(ScheduleFaults, DeviceThatHangsIsResetAlsoWhereItAnswersToBeingCancelled) {
  SmallWorld world(1);
  world.join(1, 0);
  bool hangs = true;
  world.troubles().obeys_cancel = true;
  world.troubles().hangs = [&](const RunBatch&) { return std::exchange(hangs, false); };
  world.submit_many(1, 2);
  world.run_for(11s);
  EXPECT_EQ(world.resets(), 1U) << "a job that had to be ended is not the frame's fault";
  expect_clean(world);
  EXPECT_EQ(world.count(1, FinishReason::kDone), 2U);
}

/// Returns how long the device may take for bringing in a package that is estimated to take
/// `estimate` for it.
Duration change_limit(Duration estimate, const SchedulerKnobs& knobs = {}) {
  Scheduler scheduler(knobs);
  SchedulerActions actions;
  const TimePoint now{1s};
  PlacementFacts facts;
  facts.activation_estimate = estimate;
  scheduler.apply(AddDevice{DeviceNumber{0}, {}}, now);
  scheduler.apply(AddPackage{PackageNumber{0}, {}}, now);
  scheduler.apply(PlacePackage{PackageNumber{0}, DeviceNumber{0}, {facts}, false}, now);
  scheduler.apply(AddClient{ClientNumber{0}, {}}, now);
  OpenFlow flow;
  flow.devices = {DeviceNumber{0}};
  scheduler.apply(flow, now);
  SubmitRequest request;
  request.request = RequestNumber{1};
  EXPECT_EQ(scheduler.admit(request, now).verdict, Admission::Verdict::kAccepted);
  static_cast<void>(scheduler.decide(now, actions));
  for (const SchedulerAction& action : actions.all()) {
    if (const auto* change = std::get_if<ChangeResidence>(&action); change != nullptr) {
      return change->limit;
    }
  }
  return Duration{0};
}

TEST(ScheduleFaults, ChangeOfResidenceMayTakeTenTimesWhatIsKnownAndAFloor) {
  EXPECT_EQ(change_limit(50ms), 2500ms);
  EXPECT_EQ(change_limit(2s), 22s);
}

TEST(ScheduleFaults, ChangeOfResidenceMayTakeNoMoreThanTheWordSays) {
  EXPECT_EQ(change_limit(20s), 60s);
  EXPECT_EQ(change_limit(0s), 60s) << "nothing is known";
  SchedulerKnobs knobs;
  knobs.change_limit = 1s;
  EXPECT_EQ(change_limit(50ms, knobs), 1s);
}

TEST(ScheduleFaults, DeviceLostInASwapIsNoFailedLoadOfThePackage) {
  SchedulerKnobs knobs;
  knobs.load_tries = 1;
  SmallWorld world(1, 1, knobs);
  world.join(1, 0);
  world.submit_many(1, 1);
  world.run_for(5ms);
  ASSERT_EQ(world.changes().size(), 1U);
  // Of a device that does not say so by itself.
  world.apply(ResidenceChanged{DeviceNumber{0}, 1, Errc::kDeviceLost, 5ms});
  EXPECT_EQ(world.resets(), 1U) << "it is faulty";
  EXPECT_EQ(world.scheduler().snapshot(world.now()).lanes[0].failed_loads, 0U);
  expect_clean(world);
  EXPECT_EQ(world.count(1, FinishReason::kDone), 1U);
}

TEST(ScheduleFaults, ResetForgivesFailedLoads) {
  SmallWorld world(1);
  world.join(1, 0);
  world.troubles().fails_load = [](DeviceNumber, PackageNumber) { return true; };
  world.submit_many(1, 1);
  expect_clean(world);
  ASSERT_TRUE(world.scheduler().snapshot(world.now()).lanes[0].given_up);
  EXPECT_EQ(world.submit(FlowNumber{1}).reason, FinishReason::kNoDevice);
  world.troubles().fails_load = nullptr;
  world.lose(DeviceNumber{0});
  EXPECT_TRUE(world.run_to_rest());
  EXPECT_FALSE(world.scheduler().snapshot(world.now()).lanes[0].given_up);
  world.submit_many(1, 1);
  expect_clean(world);
  EXPECT_EQ(world.count(1, FinishReason::kDone), 1U);
}

TEST(ScheduleFaults, PackageIsTriedAsOftenAsTheWordSays) {
  SchedulerKnobs knobs;
  knobs.load_tries = 50;
  SmallWorld world(1, 1, knobs);
  FlowKnobs patient;
  patient.max_wait = FlowKnobs::kOff;  // What fails to load keeps no bound of waiting.
  world.join(1, 0, patient);
  int loads = 0;
  world.troubles().fails_load = [&](DeviceNumber, PackageNumber) { return ++loads < 20; };
  world.submit_many(1, 1);
  expect_clean(world);
  EXPECT_EQ(loads, 20);
  EXPECT_EQ(world.count(1, FinishReason::kDone), 1U);
}

TEST(ScheduleFaults, LostRequestsRunAgainThreeTimesAtMost) {
  SmallWorld world(1);
  world.join(1, 0);
  world.troubles().fails_batch = [](const RunBatch&) { return Errc::kDeviceLost; };
  world.submit_many(1, 1);
  expect_clean(world);
  EXPECT_EQ(world.started().size(), 3U);
  EXPECT_EQ(world.count(1, FinishReason::kFailed), 1U);
}

TEST(ScheduleFaults, PoisonRunsTwiceAndAlone) {
  SmallWorld world(0);
  BatchKnobs batch;
  batch.preferred_frames = 4;
  world.add_package(0, 1, 1, batch);
  world.join(1, 0);
  world.troubles().fails_batch = [&](const RunBatch& run) {
    const auto& numbers = run.requests;
    const bool has_poison = std::any_of(
        numbers.begin(), numbers.end(), [](RequestNumber one) { return one.value == 2; });
    return has_poison ? Errc::kInternal : Errc::kOk;
  };
  world.submit_many(1, 4);
  expect_clean(world);
  EXPECT_EQ(world.count(1, FinishReason::kFailed), 1U);
  EXPECT_EQ(world.count(1, FinishReason::kDone), 3U) << "it takes nobody with it";
}

TEST(ScheduleFaults, LostDeviceIsResetWithBackOffAndThenGivenUp) {
  SmallWorld world(1);
  world.join(1, 0);
  world.troubles().fails_reset = [](DeviceNumber) { return true; };
  world.submit_many(1, 1);
  world.run_for(25ms);
  world.lose(DeviceNumber{0});
  world.run_for(1s);
  EXPECT_EQ(world.resets(), 1U);
  expect_clean(world);
  EXPECT_EQ(world.resets(), 5U);
  EXPECT_EQ(world.count(1, FinishReason::kNoDevice), 1U);
  const Admission admission = world.submit(FlowNumber{1});
  EXPECT_EQ(admission.verdict, Admission::Verdict::kRefused);
  EXPECT_EQ(admission.reason, FinishReason::kNoDevice);
}

TEST(ScheduleFaults, FlowFailsOverAndComesBack) {
  SmallWorld world(1, 2);
  world.apply(AddClient{ClientNumber{1}, SmallWorld::uncounted()});
  OpenFlow event;
  event.flow = FlowNumber{1};
  event.client = ClientNumber{1};
  event.package = PackageNumber{0};
  event.devices = {DeviceNumber{1}, DeviceNumber{0}};
  event.failover = true;
  world.open(event);
  world.feed(FlowNumber{1}, {});
  world.run_for(1s);
  EXPECT_EQ(world.started().back().batch.device, DeviceNumber{1});
  world.lose(DeviceNumber{1});
  world.run_for(200ms);
  EXPECT_EQ(world.started().back().batch.device, DeviceNumber{0});
  world.run_for(2s);
  EXPECT_EQ(world.started().back().batch.device, DeviceNumber{1});
  EXPECT_TRUE(world.violations().empty()) << world.violations().front();
}

TEST(ScheduleFaults, PinnedFlowWithoutFailoverWaitsForItsDevice) {
  SmallWorld world(1, 2);
  world.join(1, 0);
  world.feed(FlowNumber{1}, {});
  world.run_for(1s);
  world.lose(DeviceNumber{0});
  const auto done = world.flow(FlowNumber{1}).done_frames;
  world.run_for(2s);
  EXPECT_GT(world.flow(FlowNumber{1}).done_frames, done + 100);
  for (const auto& one : world.started()) {
    EXPECT_EQ(one.batch.device, DeviceNumber{0});
  }
}

TEST(ScheduleFaults, LateAnswersOfAnOldEpochAreRecognised) {
  SmallWorld world;
  world.join(1, 0);
  world.submit_many(1, 1);
  world.run_for(5ms);
  world.apply(ResidenceChanged{DeviceNumber{0}, 77, Errc::kOk, 1ms});
  world.apply(BatchDone{BatchNumber{12345}, Errc::kOk, 1ms});
  EXPECT_EQ(world.scheduler().snapshot(world.now()).stale, 2U);
  expect_clean(world);
}

TEST(ScheduleFaults, RemovedDeviceSendsItsFlowsElsewhere) {
  SmallWorld world(1, 2);
  world.apply(AddClient{ClientNumber{1}, SmallWorld::uncounted()});
  OpenFlow event;
  event.flow = FlowNumber{1};
  event.client = ClientNumber{1};
  event.package = PackageNumber{0};
  event.devices = {DeviceNumber{0}, DeviceNumber{1}};
  event.failover = true;
  world.open(event);
  world.submit_many(1, 8);
  world.run_for(45ms);
  world.apply(RemoveDevice{DeviceNumber{0}});
  expect_clean(world);
  EXPECT_EQ(world.count(1, FinishReason::kDone), 8U);
}

TEST(ScheduleFaults, ModelThatNeverFitsIsRefusedAtOnce) {
  testing::ScheduleWorld world;
  world.add_device(DeviceNumber{0}, {1, 100, 0, 0});
  world.apply(AddPackage{PackageNumber{0}, {}});
  PlacementFacts facts;
  facts.memory_bytes = 101;
  world.apply(PlacePackage{PackageNumber{0}, DeviceNumber{0}, {facts}, false});
  world.apply(AddClient{ClientNumber{1}, {}});
  OpenFlow event;
  event.flow = FlowNumber{1};
  event.client = ClientNumber{1};
  event.devices = {DeviceNumber{0}};
  world.open(event);
  EXPECT_EQ(world.submit(FlowNumber{1}).reason, FinishReason::kNoDevice);
}

TEST(ScheduleFaults, SnapshotShowsTimesAndDecisions) {
  SmallWorld world;
  world.join(1, 0);
  world.join(2, 1);
  world.submit_many(1, 4);
  world.submit_many(2, 4);
  expect_clean(world);
  const SchedulerSnapshot snapshot = world.scheduler().snapshot(world.now());
  ASSERT_EQ(snapshot.times.size(), 2U);
  EXPECT_EQ(snapshot.times[1].run.count(), 4U);
  EXPECT_EQ(snapshot.times[1].run.longest(), SmallWorld::kService);
  EXPECT_EQ(snapshot.times[1].swap.longest(), SmallWorld::kSwap);
  EXPECT_EQ(snapshot.devices[0].swaps, 1U);
  EXPECT_EQ(snapshot.devices[0].swap_time, SmallWorld::kSwap);
  const auto is_done = [](const Decision& one) { return one.kind == DecisionKind::kSwapDone; };
  EXPECT_EQ(std::count_if(snapshot.decisions.begin(), snapshot.decisions.end(), is_done), 2);
}

}  // namespace
}  // namespace penstock
