#include "engine/device/device_runner.h"

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "engine/device/testing/fake_port.h"
#include "engine/device/testing/number_maps.h"

namespace penstock {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::FakeMachine;
using testing::number_map;

using Words = std::vector<std::string>;

class DeviceRunnerTest : public ::testing::Test, public DeviceRunner::Reports {
 public:
  void job_ended(JobEnd end) override {
    log_.push_back("job " + std::to_string(end.batch.value) + " " + to_string(end.code));
  }

  void residence_changed(ResidenceEnd end) override {
    log_.push_back("changed " + std::to_string(end.epoch) + " " + to_string(end.code));
    took_ = end.took;
  }

  void device_ready() override { log_.emplace_back("ready"); }

  void device_faulted(std::string reason) override { log_.push_back("fault: " + reason); }

  void health_changed(HealthChange change) override {
    log_.push_back(std::string("health ") + to_string(change.health));
  }

 protected:
  static constexpr Lane kLane{PackageNumber{0}, 1};
  static constexpr Lane kOther{PackageNumber{1}, 1};

  void start(FakeMachine::Options options = {}) {
    machine_ = std::make_unique<FakeMachine>(runner_, clock_, std::move(options));
    DeviceRunner::Options words;
    words.name = "npu";
    words.port = machine_->port();
    words.sub_devices = {"core 0", "core 1"};
    device_ = std::make_unique<DeviceRunner>(std::move(words), *this);
    runner_.add(*device_);
    if (sub_devices_run_) {
      add_sub_devices();
    }
    runner_.run();
  }

  void add_sub_devices() {
    for (const auto& sub_device : device_->sub_devices()) {
      runner_.add(*sub_device);
      sub_device->wake();
    }
  }

  void run_job(std::uint64_t batch) {
    device_->sub_devices()[0]->run(
        {BatchNumber{batch}, kLane, JobMaps::create({number_map(1)}, {number_map(0)})});
  }

  ManualClock clock_{TimePoint(seconds(1000))};
  std::unique_ptr<FakeMachine> machine_;
  std::unique_ptr<DeviceRunner> device_;
  VirtualRunner runner_{clock_};
  bool sub_devices_run_ = true;
  Words log_;
  Duration took_{0};
};

TEST_F(DeviceRunnerTest, DoesNotWaitForEverForJobsThatKeepItFromBeingOpenedAnew) {
  sub_devices_run_ = false;  // As if each hung in the driver's destructor.
  start({.can_reset = false});
  device_->reset();
  runner_.run();
  const std::string fault = "fault: it cannot be opened anew, since its jobs do not end after 30 s";
  EXPECT_EQ(log_, (Words{"ready", fault}));
  device_->reset();
  runner_.run();
  EXPECT_EQ(log_, (Words{"ready", fault, fault}))
      << "the next reset waits on, and asks nobody twice";
  add_sub_devices();  // They return after all.
  runner_.run();
  EXPECT_EQ(machine_->openings, 1) << "that is no reset";
  device_->reset();
  runner_.run();
  EXPECT_EQ(log_, (Words{"ready", fault, fault, "ready"}));
  EXPECT_EQ(machine_->openings, 2);
}

TEST_F(DeviceRunnerTest, OpensTheDeviceAndSaysThatItIsReady) {
  start();
  EXPECT_EQ(log_, (Words{"ready"}));
  run_job(1);
  runner_.run();
  EXPECT_EQ(log_, (Words{"ready", "job 1 ok"}));
}

TEST_F(DeviceRunnerTest, DeviceWhoseTestFailsHasFaulted) {
  int tests = 0;
  start({.self_test = [&] {
    ++tests;
    return SelfTest{tests < 3, "failed: wrong results"};
  }});
  runner_.run_until(clock_.now() + seconds(60));
  EXPECT_EQ(tests, 1) << "after it was opened; while it does not work nobody asks";
  for (std::uint64_t job = 1; job <= 40; ++job) {
    run_job(job);
    runner_.run_until(clock_.now() + milliseconds(50));
  }
  EXPECT_EQ(tests, 2) << "within a second of work";
  EXPECT_EQ(log_.size(), 41U);
  runner_.run();
  EXPECT_EQ(tests, 3);
  EXPECT_EQ(log_.back(), "fault: its self test: failed: wrong results");
}

TEST_F(DeviceRunnerTest, DeviceThatFailsItsTestIsNotReady) {
  bool passes = false;
  start({.self_test = [&passes] { return SelfTest{passes, "failed"}; }});
  EXPECT_EQ(log_, (Words{"fault: its self test: failed"}));
  device_->reset();
  runner_.run();
  EXPECT_EQ(
      log_,
      (Words{"fault: its self test: failed", "health resetting", "fault: its self test: failed"}));
  passes = true;
  device_->reset();
  runner_.run();
  EXPECT_EQ(log_.back(), "ready");
}

TEST_F(DeviceRunnerTest, SendsOutWhatGoesBeforeItBringsInWhatComes) {
  start();
  device_->change({1, {}, kLane});
  runner_.run();
  device_->change({2, {kLane}, kOther});
  runner_.run();
  EXPECT_EQ(machine_->trace, (Words{"open", "in 0:1", "out 0:1", "in 1:1"}));
  EXPECT_EQ(machine_->resident, (std::vector<Lane>{kOther}));
  EXPECT_EQ(log_, (Words{"ready", "changed 1 ok", "changed 2 ok"}));
  EXPECT_EQ(took_, milliseconds(100));
}

TEST_F(DeviceRunnerTest, ReportsAChangeThatFailsOnce) {
  start({.on_change = [](int, const Lane&, bool) { return Errc::kUnavailable; }});
  device_->change({1, {}, kLane});
  runner_.run();
  EXPECT_EQ(log_, (Words{"ready", "changed 1 unavailable"}));
}

TEST_F(DeviceRunnerTest, TakesAChangeThatDoesNotEndForAFault) {
  start({.on_change = [](int, const Lane&, bool) { return Errc::kDeadlineExceeded; }});
  device_->change({1, {}, kLane, seconds(3)});
  runner_.run();
  EXPECT_EQ(log_,
            (Words{"ready",
                   "fault: the change of residence does not end after 3 s",
                   "changed 1 device_lost"}));
  EXPECT_EQ(clock_.now(), TimePoint(seconds(1003)));
}

TEST_F(DeviceRunnerTest, TakesALossInAChangeForAFaultWhichItTellsFirst) {
  start({.on_change = [](int, const Lane&, bool) { return Errc::kDeviceLost; }});
  device_->change({1, {}, kLane});
  runner_.run();
  EXPECT_EQ(
      log_,
      (Words{
          "ready", "fault: lost in a change of residence: by the test", "changed 1 device_lost"}));
}

TEST_F(DeviceRunnerTest, TellsOfAFaultBeforeTheChangeThatItMeets) {
  start();
  device_->change({1, {}, kLane});
  device_->step(clock_.now());
  machine_->lose("pulled out");
  runner_.run();
  EXPECT_EQ(log_, (Words{"ready", "fault: pulled out", "changed 1 device_lost"}));
}

TEST_F(DeviceRunnerTest, RefusesAChangeWhileAnotherIsUnderWay) {
  start();
  device_->change({1, {}, kLane});
  device_->change({2, {}, kOther});
  runner_.run();
  EXPECT_EQ(log_, (Words{"ready", "changed 2 device_lost", "changed 1 ok"}));
}

TEST_F(DeviceRunnerTest, AcceptsADeviceThatComesBackDegraded) {
  start({.reset_ends = {DeviceHealth::kDegraded, "warm: 60 C"}});
  device_->reset();
  runner_.run();
  EXPECT_EQ(log_, (Words{"ready", "health resetting", "ready", "health degraded"}));
  run_job(1);
  runner_.run();
  EXPECT_EQ(log_.back(), "job 1 ok");
}

TEST_F(DeviceRunnerTest, TakesNoHealthOfTheTimeBeforeAResetForItsEnd) {
  start();
  machine_->lose("too hot");
  runner_.run();
  machine_->tell({DeviceHealth::kDegraded, "throttled"});
  device_->reset();
  device_->step(clock_.now());
  EXPECT_EQ(log_, (Words{"ready", "fault: too hot", "health degraded", "health resetting"}));
  runner_.run();
  EXPECT_EQ(log_.back(), "ready");
}

TEST_F(DeviceRunnerTest, ResetsADeviceAndEndsWhatWasInFlightAsLostFirst) {
  start({.answer = [](const FakeMachine::Job&) { return FakeMachine::Answer{.hangs = true}; }});
  run_job(1);
  runner_.run();
  device_->reset();
  runner_.run();
  EXPECT_EQ(log_, (Words{"ready", "health resetting", "job 1 device_lost", "ready"}));
  EXPECT_EQ(machine_->openings, 1);
}

TEST_F(DeviceRunnerTest, TellsOfAFaultBeforeWhatItHasLost) {
  start({.answer = [](const FakeMachine::Job&) { return FakeMachine::Answer{.hangs = true}; }});
  run_job(1);
  runner_.run();
  machine_->lose("gone");
  device_->sub_devices()[0]->step(clock_.now());  // Whoever has its turn first.
  device_->step(clock_.now());
  EXPECT_EQ(log_, (Words{"ready", "fault: gone", "job 1 device_lost"}));
}

TEST_F(DeviceRunnerTest, OpensADeviceThatCannotBeResetAnew) {
  start({.can_reset = false,
         .answer = [](const FakeMachine::Job&) { return FakeMachine::Answer{.hangs = true}; }});
  run_job(1);
  runner_.run();
  device_->reset();
  runner_.run();
  EXPECT_EQ(log_, (Words{"ready", "job 1 device_lost", "ready"}));
  EXPECT_EQ(machine_->openings, 2);
}

TEST_F(DeviceRunnerTest, ReportsADeviceThatDoesNotOpenAndTriesAgainWhenReset) {
  start({.on_open = [](int opening) {
    return opening == 1 ? std::optional<Error>(Error{Errc::kNotFound, "not plugged in"})
                        : std::nullopt;
  }});
  EXPECT_EQ(log_, (Words{"fault: cannot be opened: not plugged in"}));
  device_->reset();
  runner_.run();
  EXPECT_EQ(log_.back(), "ready");
}

TEST_F(DeviceRunnerTest, PassesOnAFaultOnceAndRefusesChangesUntilItIsReady) {
  start();
  machine_->lose("pulled out");
  runner_.run();
  device_->change({5, {}, kLane});
  runner_.run();
  EXPECT_EQ(log_, (Words{"ready", "fault: pulled out", "changed 5 device_lost"}));
}

}  // namespace
}  // namespace penstock
