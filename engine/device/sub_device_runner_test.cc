#include "engine/device/sub_device_runner.h"

#include <chrono>
#include <memory>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "engine/device/testing/fake_port.h"
#include "engine/device/testing/number_maps.h"

namespace penstock {
namespace {

using std::chrono::milliseconds;
using testing::FakeMachine;
using testing::number_map;
using testing::number_of;

class SubDeviceRunnerTest : public ::testing::Test, public SubDeviceReports {
 public:
  void job_ended(JobEnd end) override { ends_.push_back(std::move(end)); }

  void slots_dropped() override { ++dropped_; }

 protected:
  static constexpr Lane kLane{PackageNumber{0}, 1};

  void start(FakeMachine::Options options = {}) {
    machine_ = std::make_unique<FakeMachine>(runner_, clock_, std::move(options));
    port_ = machine_->port();
    runner_.add(sub_device_);
    open();
  }

  void open() {
    const std::vector<Doorbell> bells{sub_device_.doorbell()};
    auto slots = port_->open(bells, {});
    ASSERT_TRUE(slots.has_value());
    sub_device_.use_slots(std::move(slots->front()));
  }

  FeatureMap run(std::uint64_t batch, std::int32_t value, Lane lane = kLane) {
    FeatureMap output = number_map(0);
    sub_device_.run({BatchNumber{batch}, lane, JobMaps::create({number_map(value)}, {output})});
    return output;
  }

  ManualClock clock_{TimePoint(std::chrono::seconds(1000))};
  std::unique_ptr<FakeMachine> machine_;
  std::unique_ptr<DevicePort> port_;
  SubDeviceRunner sub_device_{"npu/0", *this};
  std::vector<JobEnd> ends_;
  int dropped_ = 0;
  VirtualRunner runner_{clock_};  // Goes first: it knows the others.
};

TEST_F(SubDeviceRunnerTest, RunsABatchInTheCallersMemoryAndReportsItsEndOnce) {
  start();
  const FeatureMap output = run(7, 3);
  EXPECT_TRUE(runner_.run());
  ASSERT_EQ(ends_.size(), 1U);
  EXPECT_EQ(ends_[0].batch.value, 7U);
  EXPECT_EQ(ends_[0].code, Errc::kOk);
  EXPECT_EQ(number_of(output), 3 + FakeMachine::kAdded);
}

TEST_F(SubDeviceRunnerTest, SaysHowManyFramesABatchHolds) {
  start();
  Ref<JobMaps> maps = JobMaps::create({number_map(1)}, {number_map(0)});
  maps->frames = 5;
  sub_device_.run({BatchNumber{7}, kLane, std::move(maps)});
  EXPECT_TRUE(runner_.run());
  ASSERT_EQ(machine_->jobs.size(), 1U);
  EXPECT_EQ(machine_->jobs[0].frames, 5U);
}

TEST_F(SubDeviceRunnerTest, LetsBatchesBeyondTheSlotsOfTheirLaneWaitInOrder) {
  start({.depth = 2});
  for (std::uint64_t batch = 1; batch <= 5; ++batch) {
    run(batch, static_cast<std::int32_t>(batch));
  }
  EXPECT_TRUE(runner_.run());
  EXPECT_EQ(machine_->most_in_flight, 2U);
  ASSERT_EQ(machine_->jobs.size(), 5U);
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(machine_->jobs[i].value, static_cast<std::int32_t>(i + 1));
  }
  EXPECT_EQ(ends_.size(), 5U);
}

TEST_F(SubDeviceRunnerTest, DoesNotHoldUpALaneByAnotherThatIsFull) {
  start({.depth = 1, .answer = [](const FakeMachine::Job& job) {
           return FakeMachine::Answer{.hangs = job.lane.package.value == 0};
         }});
  run(1, 1);
  run(2, 2);
  run(3, 3, {PackageNumber{1}, 1});
  EXPECT_TRUE(runner_.run());
  ASSERT_EQ(ends_.size(), 1U);
  EXPECT_EQ(ends_[0].batch.value, 3U);
}

TEST_F(SubDeviceRunnerTest, EndsWhatIsRefusedWithTheDevicesReason) {
  start();
  machine_->lose("pulled out");
  run(1, 1);
  EXPECT_TRUE(runner_.run());
  ASSERT_EQ(ends_.size(), 1U);
  EXPECT_EQ(ends_[0].code, Errc::kDeviceLost);
}

TEST_F(SubDeviceRunnerTest, EndsABatchThatIsCancelledBeforeItStarted) {
  start({.depth = 1,
         .answer = [](const FakeMachine::Job&) { return FakeMachine::Answer{.hangs = true}; }});
  run(1, 1);
  EXPECT_TRUE(runner_.run());
  run(2, 2);
  sub_device_.cancel(BatchNumber{2});
  sub_device_.cancel(BatchNumber{1});
  EXPECT_TRUE(runner_.run());
  ASSERT_EQ(ends_.size(), 1U);
  EXPECT_EQ(ends_[0].batch.value, 2U);
  EXPECT_EQ(ends_[0].code, Errc::kCancelled);
  EXPECT_EQ(machine_->cancels, 1);  // The one that runs: its end is the device's to say.
}

TEST_F(SubDeviceRunnerTest, KeepsTheMapsOfAnAbandonedJobUntilItEnds) {
  start({.depth = 1, .answer = [](const FakeMachine::Job&) {
           return FakeMachine::Answer{.never_ends = true};
         }});
  const Ref<JobMaps> maps = JobMaps::create({number_map(1)}, {number_map(0)});
  sub_device_.run({BatchNumber{1}, kLane, maps});
  EXPECT_TRUE(runner_.run());
  run(2, 2);
  sub_device_.abandon(BatchNumber{1});
  sub_device_.abandon(BatchNumber{2});
  EXPECT_TRUE(runner_.run());
  EXPECT_EQ(machine_->cancels, 0);
  EXPECT_EQ(machine_->jobs.size(), 1U) << "the other was not started yet, and never is";
  EXPECT_FALSE(maps->is_unique());
  machine_->end_left();
  EXPECT_TRUE(runner_.run());
  EXPECT_TRUE(maps->is_unique());
  ASSERT_EQ(ends_.size(), 2U);
  EXPECT_EQ(ends_[1].batch.value, 1U);
}

TEST_F(SubDeviceRunnerTest, ReportsWhatWasInFlightAsLostWhenItsSlotsAreDropped) {
  start({.answer = [](const FakeMachine::Job& job) {
    return FakeMachine::Answer{.hangs = job.number == 0};
  }});
  const FeatureMap hung = run(1, 1);
  EXPECT_TRUE(runner_.run());
  EXPECT_TRUE(ends_.empty());
  sub_device_.drop_slots();
  EXPECT_TRUE(runner_.run());
  ASSERT_EQ(ends_.size(), 1U);
  EXPECT_EQ(ends_[0].code, Errc::kDeviceLost);
  EXPECT_EQ(dropped_, 1);
  EXPECT_EQ(machine_->in_flight, 0U);
  run(2, 2);
  EXPECT_TRUE(runner_.run());
  EXPECT_EQ(ends_.back().code, Errc::kDeviceLost);  // Nothing is open.
  open();
  run(3, 3);
  EXPECT_TRUE(runner_.run());
  EXPECT_EQ(ends_.back().code, Errc::kOk);
}

}  // namespace
}  // namespace penstock
