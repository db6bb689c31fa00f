/// Devices on which jobs fail, are lost or never end, without a word from the device itself.
#include <gtest/gtest.h>

#include "engine/schedule/testing/small_world.h"

namespace penstock {
namespace {

using testing::SmallWorld;
using namespace std::chrono_literals;

class ScheduleFailing : public ::testing::Test {
 protected:
  /// Opens flow and client `number` of package 0, which may go from device 0 to device 1.
  static void join_with_failover(SmallWorld& world, std::uint32_t number, std::uint32_t package) {
    world.apply(AddClient{ClientNumber{number}, SmallWorld::uncounted()});
    OpenFlow event;
    event.flow = FlowNumber{number};
    event.client = ClientNumber{number};
    event.package = PackageNumber{package};
    event.devices = {DeviceNumber{0}, DeviceNumber{1}};
    event.failover = true;
    event.knobs.ifmap_queue_size = 64;
    world.open(event, false);
  }

  static void expect_clean(SmallWorld& world) {
    EXPECT_TRUE(world.run_to_rest());
    EXPECT_TRUE(world.violations().empty()) << world.violations().front();
    EXPECT_EQ(world.scheduler().requests_held(), 0U);
  }

  /// Batches on device 0 that bring `package` end with `code`.
  static void fail_on_first(SmallWorld& world, Errc code, std::uint32_t package = 0) {
    world.troubles().fails_batch = [code, package](const RunBatch& run) {
      return run.device == DeviceNumber{0} && run.package == PackageNumber{package} ? code
                                                                                    : Errc::kOk;
    };
  }
};

TEST_F(ScheduleFailing, DeviceOnWhichEveryJobFailsIsResetAndItsFlowsGoElsewhere) {
  for (const Errc code :
       {Errc::kInternal, Errc::kUnavailable, Errc::kCancelled, Errc::kDeadlineExceeded}) {
    SmallWorld world(1, 2);
    join_with_failover(world, 1, 0);
    fail_on_first(world, code);
    world.submit_many(1, 40);
    world.run_for(900ms);
    EXPECT_EQ(world.resets(), 1U) << to_string(code);
    EXPECT_EQ(world.count(1, FinishReason::kFailed), 7U)
        << "the eighth tells of the device, and runs again on the other";
    expect_clean(world);
    EXPECT_EQ(world.count(1, FinishReason::kDone), 33U) << to_string(code);
  }
}

TEST_F(ScheduleFailing, JobThatIsLostFaultsItsDeviceThoughTheDeviceSaysNothing) {
  SmallWorld world(1, 2);
  join_with_failover(world, 1, 0);
  fail_on_first(world, Errc::kDeviceLost);
  world.submit_many(1, 40);
  expect_clean(world);
  EXPECT_GE(world.resets(), 1U);
  EXPECT_EQ(world.count(1, FinishReason::kDone), 40U) << "its tries are not used up there";
}

TEST_F(ScheduleFailing, FramesAtFaultThemselvesDoNotCountAgainstTheDevice) {
  for (const Errc code : {Errc::kInvalidArgument, Errc::kUnsupported, Errc::kCorrupt}) {
    SmallWorld world(1, 2);
    join_with_failover(world, 1, 0);
    fail_on_first(world, code);
    world.submit_many(1, 40);
    expect_clean(world);
    EXPECT_EQ(world.resets(), 0U);
    EXPECT_EQ(world.count(1, FinishReason::kFailed), 40U);
  }
}

TEST_F(ScheduleFailing, FewBadFramesInARowDoNotResetADevice) {
  SmallWorld world(1);
  world.join(1, 0);
  world.troubles().fails_batch = [](const RunBatch& run) {
    return run.requests.front().value % 8 != 0 ? Errc::kInternal : Errc::kOk;
  };
  world.feed(FlowNumber{1}, {});
  world.run_for(5s);
  EXPECT_EQ(world.resets(), 0U) << "seven in a row, then one that is well";
  EXPECT_GT(world.count(1, FinishReason::kDone), 30U);
}

TEST_F(ScheduleFailing, PackageThatFailsOnADeviceThatWorksForOthersIsKeptAway) {
  SmallWorld world(2, 2);
  join_with_failover(world, 1, 0);
  world.join(2, 1);
  fail_on_first(world, Errc::kInternal);
  world.feed(FlowNumber{1}, {});
  world.feed(FlowNumber{2}, {});
  world.run_for(120s);
  EXPECT_LE(world.resets(), 1U) << "it costs the others one reset at most";
  EXPECT_LE(world.count(1, FinishReason::kFailed), 7U) << "each later try is one frame's first run";
  EXPECT_EQ(world.count(2, FinishReason::kFailed), 0U);
  EXPECT_EQ(world.findings().back().kind, Finding::Kind::kPackageGivenUp);
  EXPECT_EQ(world.findings().back().package, PackageNumber{0});
  EXPECT_EQ(world.started().back().batch.package == PackageNumber{0},
            world.started().back().batch.device == DeviceNumber{1});
  EXPECT_TRUE(world.violations().empty()) << world.violations().front();
}

TEST_F(ScheduleFailing, PackageThatIsKeptAwayComesBackWhenItWorks) {
  SmallWorld world(2, 2);
  join_with_failover(world, 1, 0);
  world.join(2, 1);
  fail_on_first(world, Errc::kInternal);
  world.feed(FlowNumber{1}, {});
  world.feed(FlowNumber{2}, {});
  world.run_for(5s);
  world.troubles().fails_batch = nullptr;
  const std::size_t failed = world.count(1, FinishReason::kFailed);
  world.run_for(40s);
  const auto is_back = [&](const auto& one) {
    return one.batch.package == PackageNumber{0} && one.batch.device == DeviceNumber{0} &&
           one.time > world.now() - 5s;
  };
  EXPECT_TRUE(std::any_of(world.started().begin(), world.started().end(), is_back));
  EXPECT_EQ(world.count(1, FinishReason::kFailed), failed);
}

TEST_F(ScheduleFailing, PackageWithoutAnotherDeviceWaitsUntilItsBackOffEnds) {
  SmallWorld world(2);
  world.join(1, 0);
  world.join(2, 1);
  fail_on_first(world, Errc::kInternal);
  world.feed(FlowNumber{1}, {});
  world.feed(FlowNumber{2}, {});
  world.run_for(3s);
  world.troubles().fails_batch = nullptr;
  world.run_for(20s);
  EXPECT_GT(world.count(1, FinishReason::kDone), 100U);
  EXPECT_LE(world.resets(), 1U);
  EXPECT_TRUE(world.violations().empty()) << world.violations().front();
}

TEST_F(ScheduleFailing, OnlyPackageOfADeviceHasItResetWithBackOffAndIsThenGivenUpThere) {
  SmallWorld world(1);
  world.join(1, 0);
  fail_on_first(world, Errc::kInternal);
  world.feed(FlowNumber{1}, {});
  world.run_for(1s);
  EXPECT_EQ(world.resets(), 1U);
  world.run_for(4s);
  EXPECT_EQ(world.resets(), 2U) << "the second after 2 s";
  world.run_for(120s);
  EXPECT_EQ(world.resets(), 5U) << "as often as reset_tries says";
  EXPECT_EQ(world.findings().back().kind, Finding::Kind::kPackageGivenUp);
  EXPECT_GT(world.count(1, FinishReason::kNoDevice), 0U);
  EXPECT_EQ(world.submit(FlowNumber{1}).reason, FinishReason::kNoDevice);
}

TEST_F(ScheduleFailing, FewGoodJobsAmongManyBadOnesDoNotMakeResetsFree) {
  SmallWorld world(1, 2);
  join_with_failover(world, 1, 0);
  std::uint32_t number = 0;
  // Each time that it comes back one job goes well.
  world.troubles().fails_batch = [&](const RunBatch& run) {
    return run.device == DeviceNumber{0} && number++ % 17 != 0 ? Errc::kInternal : Errc::kOk;
  };
  world.feed(FlowNumber{1}, {});
  world.run_for(25s);
  EXPECT_LE(world.resets(), 5U);
}

TEST_F(ScheduleFailing, PackageThatLosesASharedDeviceAgainAndAgainIsKeptAway) {
  SmallWorld world(2, 2);
  join_with_failover(world, 1, 0);
  world.join(2, 1);
  fail_on_first(world, Errc::kDeviceLost);
  world.feed(FlowNumber{1}, {});
  world.feed(FlowNumber{2}, {});
  world.run_for(300s);
  EXPECT_LE(world.resets(), 6U);
  EXPECT_EQ(world.count(1, FinishReason::kFailed), 0U);
  EXPECT_EQ(world.count(2, FinishReason::kFailed), 0U);
  EXPECT_GT(world.count(2, FinishReason::kDone), 20'000U);
  EXPECT_TRUE(world.violations().empty()) << world.violations().front();
}

TEST_F(ScheduleFailing, EndOfAJobAfterItsDeviceFaultedSaysNothingOfTheDevice) {
  SmallWorld world(1, 2, {}, 4);
  join_with_failover(world, 1, 0);
  fail_on_first(world, Errc::kDeviceLost);
  world.submit_many(1, 8);
  world.run_for(200ms);
  EXPECT_EQ(world.resets(), 1U) << "four are lost together";
  world.troubles().fails_batch = nullptr;
  expect_clean(world);
  EXPECT_EQ(world.count(1, FinishReason::kDone), 8U);
}

TEST_F(ScheduleFailing, JobThatNeverEndsIsAbandonedWhenTheResetHasFailed) {
  SmallWorld world(1, 2);
  join_with_failover(world, 1, 0);
  world.troubles().never_ends = [](const RunBatch& run) { return run.device == DeviceNumber{0}; };
  world.troubles().fails_reset = [](DeviceNumber) { return true; };
  world.submit_many(1, 4);
  world.run_for(25s);
  EXPECT_EQ(world.count(1, FinishReason::kDone), 4U);
  world.end_abandoned();
  EXPECT_EQ(world.scheduler().snapshot(world.now()).stale, 1U) << "its late end is of the past";
  expect_clean(world);
}

TEST_F(ScheduleFailing, JobThatAResetLeavesIsAbandonedAndTheDeviceIsFaultyAgain) {
  SmallWorld world(1, 2);
  join_with_failover(world, 1, 0);
  world.troubles().never_ends = [](const RunBatch& run) { return run.device == DeviceNumber{0}; };
  world.submit_many(1, 4);
  world.run_for(31s);
  EXPECT_EQ(world.count(1, FinishReason::kDone), 4U) << "20 s, and 10 s after the reset";
  EXPECT_EQ(world.count(1, FinishReason::kFailed), 0U);
  expect_clean(world);
}

TEST_F(ScheduleFailing, JobThatNeverEndsOnADeviceThatIsGivenUpEnds) {
  SmallWorld world(1);
  world.join(1, 0);
  world.troubles().never_ends = [](const RunBatch&) { return true; };
  world.troubles().fails_reset = [](DeviceNumber) { return true; };
  world.submit_many(1, 2);
  expect_clean(world);
  EXPECT_EQ(world.count(1, FinishReason::kNoDevice), 2U);
  EXPECT_EQ(world.findings().back().kind, Finding::Kind::kDeviceGivenUp);
}

TEST_F(ScheduleFailing, FlowThatIsClosedWhileItsJobNeverEndsIsForgotten) {
  SmallWorld world(1);
  world.join(1, 0);
  world.troubles().never_ends = [](const RunBatch&) { return true; };
  world.troubles().fails_reset = [](DeviceNumber) { return true; };
  world.submit_many(1, 1);
  world.run_for(1s);
  world.remove_client(ClientNumber{1});
  expect_clean(world);
  EXPECT_EQ(world.count(1, FinishReason::kClientGone), 1U);
  EXPECT_TRUE(world.scheduler().snapshot(world.now()).flows.empty());
}

TEST_F(ScheduleFailing, RequestThatExpiredMeanwhileDoesNotRunAgain) {
  SmallWorld world(1);
  world.join(1, 0);
  world.troubles().fails_batch = [](const RunBatch&) { return Errc::kInternal; };
  (void)world.submit(FlowNumber{1}, 1, 22ms);  // Starts at 20 ms, fails at 30 ms.
  expect_clean(world);
  EXPECT_EQ(world.count(1, FinishReason::kExpired), 1U);
  EXPECT_EQ(world.started().size(), 1U);
}

TEST_F(ScheduleFailing, PackageThatTakesItsDeviceDownWhenItComesInIsGivenUpThere) {
  SmallWorld world(2);
  world.join(1, 0);
  world.feed(FlowNumber{1}, {});
  world.run_for(1s);
  world.join(2, 1);
  world.feed(FlowNumber{2}, {});
  world.troubles().fails_load = [&world](DeviceNumber device, PackageNumber package) {
    if (package == PackageNumber{1}) {
      world.at(world.now() + 1ms, [&world, device] { world.lose(device); });
    }
    return false;
  };
  world.run_for(300s);
  EXPECT_GE(world.resets(), 2U);
  EXPECT_LE(world.resets(), SchedulerKnobs{}.reset_tries + 1) << "it has no more tries than that";
  EXPECT_GT(world.flow(FlowNumber{1}).done_frames, 25'000U) << "the other one goes on";
  EXPECT_EQ(world.flow(FlowNumber{2}).done_frames, 0U);
  EXPECT_GT(world.count(2, FinishReason::kNoDevice), 0U);
}

TEST_F(ScheduleFailing, PackageThatWasComingInWhenItsDeviceWasLostComesInAgain) {
  SmallWorld world(2);
  world.join(1, 0);
  world.feed(FlowNumber{1}, {});
  world.run_for(1s);
  world.join(2, 1);
  world.feed(FlowNumber{2}, {});
  bool is_first = true;
  world.troubles().fails_load = [&](DeviceNumber device, PackageNumber package) {
    if (package == PackageNumber{1} && is_first) {
      is_first = false;
      world.at(world.now() + 1ms, [&world, device] { world.lose(device); });
    }
    return false;
  };
  world.run_for(60s);
  EXPECT_EQ(world.resets(), 1U);
  const auto half = static_cast<double>(world.flow(FlowNumber{1}).done_frames);
  EXPECT_NEAR(static_cast<double>(world.flow(FlowNumber{2}).done_frames), half, half * 0.15);
}

}  // namespace
}  // namespace penstock
