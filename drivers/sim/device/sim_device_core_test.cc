// When frames end on a device that is well: stages, batches, turns, residence, shapes. What breaks
// is in core_faults_test.cc, the figures that it shows in core_rates_test.cc.

#include "drivers/sim/device/sim_device_core.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "drivers/sim/device/testing/core_rig.h"

namespace penstock::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::metric;
using testing::Rig;

TEST(SimDeviceCore, CompletesOneFrameAfterAnotherEveryServiceTime) {
  Rig rig;
  const auto model = rig.add("single", milliseconds(10));
  for (std::uint64_t i = 1; i <= 3; ++i) {
    rig.submit(model, i);
  }
  rig.run(seconds(1));
  EXPECT_EQ(rig.ended(1), milliseconds(10));
  EXPECT_EQ(rig.ended(2), milliseconds(20));
  EXPECT_EQ(rig.ended(3), milliseconds(30));
  EXPECT_FALSE(rig.core().next_time().has_value()) << "an idle device has no timers";
}

TEST(SimDeviceCore, HasStagesOfAPipelineInFlightAtOnce) {
  Rig rig("modes: [{name: flow, sub_devices: 2, stages: 2.5}]\n");
  const auto model = rig.add("flow", milliseconds(10));
  for (std::uint64_t i = 1; i <= 3; ++i) {
    rig.submit(model, i, 3);
  }
  rig.run(seconds(1));
  EXPECT_EQ(rig.ended(1), milliseconds(25));
  EXPECT_EQ(rig.ended(2), milliseconds(35));
  EXPECT_EQ(rig.ended(3), milliseconds(45));
}

TEST(SimDeviceCore, HidesTheTransferBehindTheComputationWhenItBuffersTwice) {
  const std::string link = "modes: [{name: single}]\nlink: {in: 1MB/s, out: 1MB/s}\n";
  Duration ends[2];
  for (const bool twice : {true, false}) {
    Rig rig(link + "double_buffering: " + (twice ? "true" : "false") + "\n");
    CoreModel model;
    model.mode.name = "single";
    model.places = {1};
    model.shapes[0].service = milliseconds(10);
    model.always_resident = true;
    model.shapes[0].input_bytes = 4000;
    model.shapes[0].output_bytes = 2000;
    const auto id = rig.core().add_model(rig.now(), model);
    rig.submit(id, 1);
    rig.submit(id, 2);
    rig.run(seconds(1));
    EXPECT_EQ(rig.ended(1), milliseconds(16));
    ends[twice ? 1 : 0] = rig.ended(2);
  }
  EXPECT_EQ(ends[1], milliseconds(26));
  EXPECT_EQ(ends[0], milliseconds(32));
}

TEST(SimDeviceCore, LetsTheHostPartBoundTheWholeDevice) {
  Rig rig("modes: [{name: single}]\ncosts: {host_us: 20000}\n");
  const auto model = rig.add("single", milliseconds(10));
  rig.submit(model, 1, 1);
  rig.submit(model, 2, 2);
  rig.run(seconds(1));
  EXPECT_EQ(rig.ended(1), milliseconds(30));
  EXPECT_EQ(rig.ended(2), milliseconds(50));
}

TEST(SimDeviceCore, FillsABatchWithWhatIsThere) {
  Rig rig("modes: [{name: pair, sub_devices: 2, frames: 2, batch: fill}]\n");
  const auto model = rig.add("pair", milliseconds(10));
  for (std::uint64_t i = 1; i <= 3; ++i) {
    rig.submit(model, i, 3);
  }
  rig.run(seconds(1));
  EXPECT_EQ(rig.ended(1), milliseconds(10)) << "alone: nobody else was there yet";
  EXPECT_EQ(rig.ended(2), milliseconds(20));
  EXPECT_EQ(rig.ended(3), milliseconds(20));
}

TEST(SimDeviceCore, WaitsForABatchNoLongerThanItMay) {
  Rig rig("modes: [{name: pair, sub_devices: 2, frames: 2, batch: wait, batch_wait: 5ms}]\n");
  const auto model = rig.add("pair", milliseconds(10));
  rig.submit(model, 1, 3);
  rig.run(milliseconds(2));
  rig.submit(model, 2, 3);
  rig.run(milliseconds(50));
  EXPECT_EQ(rig.ended(1), milliseconds(12));
  EXPECT_EQ(rig.ended(2), milliseconds(12));
  rig.submit(model, 3, 3);
  rig.run(milliseconds(50));
  EXPECT_EQ(rig.ended(3), milliseconds(52 + 5 + 10));
}

TEST(SimDeviceCore, LetsModelsOnOneSubDeviceTakeTurnsByAge) {
  Rig rig;
  const auto a = rig.add("single", milliseconds(10));
  const auto b = rig.add("single", milliseconds(10));
  rig.submit(a, 1);
  rig.submit(a, 2);
  rig.submit(b, 3);
  rig.submit(a, 4);
  rig.run(seconds(1));
  EXPECT_EQ(rig.ended(1), milliseconds(10));
  EXPECT_EQ(rig.ended(2), milliseconds(20));
  EXPECT_EQ(rig.ended(3), milliseconds(30));
  EXPECT_EQ(rig.ended(4), milliseconds(40));
}

TEST(SimDeviceCore, DownloadsAModelAndDrainsItAgain) {
  Rig rig;
  const auto model = rig.add("single", milliseconds(10), false);
  EXPECT_EQ(rig.core().submit(rig.now(), model, 1, 9).error().code, Errc::kUnavailable);
  ASSERT_TRUE(rig.core().activate(rig.now(), model, 1, 100).has_value());
  EXPECT_EQ(rig.core().submit(rig.now(), model, 1, 9).error().code, Errc::kUnavailable);
  rig.run(milliseconds(100));
  EXPECT_EQ(rig.ended(100), milliseconds(7)) << "3 ms control and 4000 bytes at 1 MB/s";
  EXPECT_EQ(metric(rig.core(), rig.now(), "memory_used", 0), 600);
  rig.submit(model, 1);
  EXPECT_NE(rig.core().deactivate(rig.now(), model, 1, 101).error().message.find("1 frames"),
            std::string::npos);
  rig.run(milliseconds(100));
  ASSERT_TRUE(rig.core().deactivate(rig.now(), model, 1, 102).has_value());
  rig.run(milliseconds(100));
  EXPECT_EQ(rig.ended(102), milliseconds(202));
  EXPECT_EQ(metric(rig.core(), rig.now(), "memory_used", 0), 0);
}

TEST(SimDeviceCore, RefusesAModelThatFindsNoRoomNamingTheLimit) {
  Rig rig("modes: [{name: single}]\n");
  const auto a = rig.add("single", milliseconds(1), false);
  const auto b = rig.add("single", milliseconds(1), false);
  ASSERT_TRUE(rig.core().activate(rig.now(), a, 1, 1).has_value());
  const Status taken = rig.core().activate(rig.now(), b, 1, 2);
  ASSERT_FALSE(taken.has_value());
  EXPECT_EQ(taken.error().code, Errc::kUnavailable);
  EXPECT_EQ(taken.error().message, "core 0 holds 1 models already, which is its limit");
  EXPECT_TRUE(rig.core().activate(rig.now(), b, 2, 3).has_value()) << "the other one is free";
  EXPECT_EQ(rig.core().activate(rig.now(), b, 3, 4).error().code, Errc::kInvalidArgument);
}

TEST(SimDeviceCore, EndsAWaitingFrameAtOnceAndLetsABegunOneTakeItsTime) {
  Rig rig;
  const auto model = rig.add("single", milliseconds(10));
  for (std::uint64_t i = 1; i <= 4; ++i) {
    rig.submit(model, i);
  }
  rig.run(milliseconds(1));
  EXPECT_TRUE(rig.core().cancel(rig.now(), 1));
  EXPECT_TRUE(rig.core().cancel(rig.now(), 3));
  EXPECT_FALSE(rig.core().cancel(rig.now(), 3));
  rig.collect();
  EXPECT_EQ(rig.code(1), Errc::kCancelled);
  EXPECT_EQ(rig.ended(1), milliseconds(1));
  rig.run(seconds(1));
  EXPECT_EQ(rig.ended(2), milliseconds(20)) << "frame 1 was begun";
  EXPECT_EQ(rig.ended(4), milliseconds(30)) << "frame 3 was not";
}

TEST(SimDeviceCore, TakesLongerAtALowerClockOnceThatIsInForce) {
  Rig rig("modes: [{name: single}]\nclock: {steps: [100, 200, 400], settle: 50ms}\n");
  const auto model = rig.add("single", milliseconds(10));
  EXPECT_FALSE(rig.core().configure(rig.now(), "clock", "100", 0).value());
  rig.submit(model, 1);
  rig.run(milliseconds(60));
  EXPECT_EQ(rig.ended(1), milliseconds(10));
  EXPECT_TRUE(rig.settled);
  rig.submit(model, 2);
  rig.submit(model, 3, 2);
  rig.run(seconds(1));
  EXPECT_EQ(rig.ended(2), milliseconds(100));
  EXPECT_EQ(rig.ended(3), milliseconds(70)) << "the other core keeps its clock";
  EXPECT_EQ(metric(rig.core(), rig.now(), "clock", 0), 100);
}

TEST(SimDeviceCore, TakesTheTimeOfEachFramesShape) {
  Rig rig;
  const auto model = rig.add_shapes("single", {milliseconds(10), milliseconds(40)});
  rig.submit(model, 1, 1, {0, 0});
  rig.submit(model, 2, 1, {1, 0});
  rig.submit(model, 3, 1, {0, 0});
  rig.run(seconds(1));
  EXPECT_EQ(rig.ended(1), milliseconds(10));
  EXPECT_EQ(rig.ended(2), milliseconds(50));
  EXPECT_EQ(rig.ended(3), milliseconds(60));
}

TEST(SimDeviceCore, MovesTheBytesOfEachFramesShape) {
  Rig rig("modes: [{name: single}]\nlink: {in: 1MB/s, out: 1MB/s}\n");
  const auto model = rig.add_shapes("single", {milliseconds(10), milliseconds(10)});
  rig.submit(model, 1, 1, {1, 0});
  rig.run(seconds(1));
  EXPECT_EQ(rig.ended(1), milliseconds(12));
  rig.submit(model, 2, 1, {0, 0});
  rig.run(seconds(1));
  EXPECT_EQ(rig.ended(2), seconds(1) + milliseconds(11));
}

TEST(SimDeviceCore, LetsNoSmallFrameOvertakeALargeOneInAPipeline) {
  Rig rig("modes: [{name: flow, sub_devices: 2, stages: 2.5}]\n");
  const auto model = rig.add_shapes("flow", {milliseconds(1), milliseconds(10)});
  rig.submit(model, 1, 3, {1, 0});
  rig.submit(model, 2, 3, {0, 0});
  rig.run(seconds(1));
  EXPECT_EQ(rig.ended(1), milliseconds(25));
  EXPECT_EQ(rig.ended(2), milliseconds(25)) << "not after 10 + 2.5 ms";
}

TEST(SimDeviceCore, TakesTheTimeOfTheLargestOfFramesThatStartTogether) {
  Rig rig("modes: [{name: both, sub_devices: 2, frames: 2, batch: wait, batch_wait: 5ms}]\n");
  const auto model = rig.add_shapes("both", {milliseconds(10), milliseconds(40)});
  rig.submit(model, 1, 3, {0, 0});
  rig.submit(model, 2, 3, {1, 0});
  rig.run(seconds(1));
  EXPECT_EQ(rig.ended(1), milliseconds(40));
  EXPECT_EQ(rig.ended(2), milliseconds(40));
}

/// A load with everything in it, and the trace that it leaves.
std::string scripted_trace(std::uint64_t seed) {
  Rig rig("modes: [{name: single}]\njitter: 0.1\nclock: {steps: [100, 200], settle: 20ms}\n",
          "[{kind: lost, after: 200}, {kind: slow, factor: 2, probability: 0.1}]",
          seed);
  const auto model = rig.add("single", milliseconds(5));
  for (std::uint64_t i = 1; i <= 300; ++i) {
    rig.submit(model, i, 1 + i % 2);
    rig.run(milliseconds(3));
    if (i == 100) {
      EXPECT_TRUE(rig.core().configure(rig.now(), "clock", "100", -1).has_value());
    }
    if (i == 250) {
      rig.core().reset(rig.now());
    }
  }
  rig.run(seconds(10));
  EXPECT_EQ(rig.ends(), 300U);
  return rig.trace();
}

TEST(SimDeviceCore, LeavesTheSameTraceForTheSameSeedAndAnotherForAnother) {
  const std::string first = scripted_trace(7);
  EXPECT_GT(first.size(), 10'000U);
  EXPECT_EQ(first, scripted_trace(7));
  EXPECT_NE(first, scripted_trace(8));
}

}  // namespace
}  // namespace penstock::sim
