#include "drivers/sim/device/sim_device_core.h"

#include <cstdlib>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "drivers/sim/profiles/profile_reader.h"
#include "engine/yaml/source_text.h"

namespace penstock::sim {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr const char* kHead = R"(profile: tiny
title: simulated tiny one
identity: "tiny-{index}"
sub_devices: {count: 2, max_resident: 1}
memory: [{name: own, size: 1000B, counts: [weights]}]
download: {control: 3ms, rate: 1MB/s, drain: 2ms}
reset: 50ms
)";

Profile profile_of(const std::string& more) {
  auto profile = parse_profile(SourceText("p.yaml", kHead + more));
  EXPECT_TRUE(profile.has_value()) << profile.error().message;
  return std::move(profile).value();
}

/// A device whose time is moved by the test.
class Rig {
 public:
  explicit Rig(const std::string& more = "modes: [{name: single}]\n",
               const std::string& faults = "",
               std::uint64_t seed = 1)
      : profile_(profile_of(more)),
        core_(profile_, TimePoint(), options(faults, seed)) {}

  SimDeviceCore& core() { return core_; }

  const std::string& trace() const { return trace_; }

  TimePoint now() const { return now_; }

  /// Adds a model with `service` on all places of `mode`.
  SimDeviceCore::ModelId add(const std::string& mode, Duration service, bool resident = true) {
    CoreModel model;
    model.name = "m";
    model.mode = *profile_.find_mode(mode);
    model.places = profile_.places_of(model.mode);
    model.shapes[0].service = service;
    model.always_resident = resident;
    model.download_bytes = 4000;
    model.memory_bytes = 600;
    return core_.add_model(now_, std::move(model));
  }

  /// Adds a model of several shapes, which take `services`.
  SimDeviceCore::ModelId add_shapes(const std::string& mode, std::vector<Duration> services) {
    CoreModel model;
    model.mode = *profile_.find_mode(mode);
    model.places = profile_.places_of(model.mode);
    model.always_resident = true;
    model.shapes.resize(services.size());
    for (std::size_t i = 0; i < services.size(); ++i) {
      model.shapes[i].service = services[i];
      model.shapes[i].batch = static_cast<int>(i) + 1;
      model.shapes[i].input_bytes = 1000 * (i + 1);
    }
    return core_.add_model(now_, std::move(model));
  }

  void submit(SimDeviceCore::ModelId id,
              std::uint64_t cookie,
              SubDeviceMask place = 1,
              CoreFrame what = {}) {
    const Status status = core_.submit(now_, id, place, cookie, what);
    ASSERT_TRUE(status.has_value()) << status.error().message;
    collect();
  }

  /// Moves on by `time`, remembering when each cookie ended and how.
  void run(Duration time) {
    const TimePoint end = now_ + time;
    for (auto next = core_.next_time(); next.has_value() && *next <= end;
         next = core_.next_time()) {
      now_ = *next;
      core_.advance(now_);
      collect();
    }
    now_ = end;
    core_.advance(now_);
    collect();
  }

  Duration ended(std::uint64_t cookie) const {
    const auto found = ends_.find(cookie);
    return found == ends_.end() ? Duration(-1) : found->second.first.time_since_epoch();
  }

  Errc code(std::uint64_t cookie) const { return ends_.at(cookie).second.code; }

  const CoreOutcome& outcome(std::uint64_t cookie) const { return ends_.at(cookie).second; }

  std::size_t ends() const { return ends_.size(); }

  std::vector<Health> healths;
  bool settled = false;

  void collect() {
    for (const CoreOutcome& outcome : core_.effects().outcomes) {
      EXPECT_TRUE(ends_.emplace(outcome.cookie, std::make_pair(now_, outcome)).second)
          << "twice: " << outcome.cookie;
    }
    for (const HealthEvent& event : core_.effects().health) {
      healths.push_back(event.health);
    }
    settled |= core_.effects().settled;
    core_.effects().clear();
  }

 private:
  SimDeviceCore::Options options(const std::string& faults, std::uint64_t seed) {
    SimDeviceCore::Options options;
    options.seed = seed;
    options.faults = parse_faults(faults, "faults").value();
    options.trace = [this](std::string_view line) { trace_ += std::string(line) + "\n"; };
    return options;
  }

  std::string trace_;
  Profile profile_;
  TimePoint now_;
  SimDeviceCore core_;
  std::map<std::uint64_t, std::pair<TimePoint, CoreOutcome>> ends_;
};

double metric(SimDeviceCore& core, TimePoint now, const std::string& name, int sub = -1) {
  for (const DeviceMetric& each : core.metrics(now)) {
    if (each.name == name && each.sub_device == sub) {
      return each.value;
    }
  }
  ADD_FAILURE() << "no metric " << name;
  return 0;
}

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

TEST(SimDeviceCore, GivesLostFramesBackAndComesToItselfByAReset) {
  Rig rig("modes: [{name: single}]\n", "[{kind: lost, at: 15ms}]");
  const auto model = rig.add("single", milliseconds(10));
  rig.submit(model, 1);
  rig.submit(model, 2);
  rig.run(milliseconds(20));
  EXPECT_EQ(rig.code(1), Errc::kOk);
  EXPECT_EQ(rig.code(2), Errc::kDeviceLost);
  EXPECT_EQ(rig.ended(2), milliseconds(15));
  rig.submit(model, 3);
  EXPECT_EQ(rig.code(3), Errc::kDeviceLost);
  rig.core().reset(rig.now());
  rig.run(seconds(1));
  EXPECT_EQ(rig.healths, (std::vector{Health::kFault, Health::kResetting, Health::kOk}));
  rig.submit(model, 4);
  rig.run(seconds(1));
  EXPECT_EQ(rig.code(4), Errc::kOk);
}

TEST(SimDeviceCore, StaysInFaultWhileTheReasonLasts) {
  Rig rig("modes: [{name: single}]\n", "[{kind: lost, at: 0s, for: 200ms}]");
  rig.core().reset(rig.now());
  rig.run(milliseconds(100));
  rig.core().reset(rig.now());
  rig.run(milliseconds(300));
  rig.core().reset(rig.now());
  rig.run(milliseconds(100));
  EXPECT_EQ(rig.healths,
            (std::vector{Health::kFault,
                         Health::kResetting,
                         Health::kFault,
                         Health::kResetting,
                         Health::kFault,
                         Health::kResetting,
                         Health::kOk}));
}

TEST(SimDeviceCore, CompletesNothingWhenItHangsAndLooksHealthy) {
  Rig rig("modes: [{name: single}]\n", "[{kind: hang, after: 1}]");
  const auto model = rig.add("single", milliseconds(10));
  rig.submit(model, 1);
  rig.submit(model, 2);
  rig.run(seconds(100));
  EXPECT_EQ(rig.ends(), 0U);
  EXPECT_TRUE(rig.healths.empty());
  rig.core().reset(rig.now());
  rig.collect();
  EXPECT_EQ(rig.code(1), Errc::kDeviceLost);
  EXPECT_EQ(rig.code(2), Errc::kDeviceLost);
}

TEST(SimDeviceCore, DoesToFramesWhatTheScriptSays) {
  Rig rig("modes: [{name: single}]\nlink: {in: 1MB/s}\n",
          "[{kind: slow, factor: 3, at: 0s, for: 1s}, {kind: probe_wrong, at: 0s, until: 1s},"
          " {kind: link_errors, fails: true, at: 2s}]");
  const auto model = rig.add("single", milliseconds(10));
  rig.submit(model, 1);
  rig.run(seconds(3));
  EXPECT_EQ(rig.ended(1), milliseconds(30));
  EXPECT_TRUE(rig.outcome(1).is_wrong);
  rig.submit(model, 2);
  rig.run(seconds(1));
  EXPECT_EQ(rig.code(2), Errc::kUnavailable);
  EXPECT_EQ(metric(rig.core(), rig.now(), "link_errors"), 1);
}

TEST(SimDeviceCore, FailsDownloadsAndClaimsByTheScript) {
  Rig rig("modes: [{name: single}]\n",
          "[{kind: failed_load, count: 1}, {kind: claim_race, count: 2}]");
  const auto model = rig.add("single", milliseconds(10), false);
  ASSERT_TRUE(rig.core().activate(rig.now(), model, 1, 1).has_value());
  rig.run(milliseconds(100));
  EXPECT_EQ(rig.code(1), Errc::kUnavailable);
  EXPECT_EQ(metric(rig.core(), rig.now(), "memory_used", 0), 0);
  ASSERT_TRUE(rig.core().activate(rig.now(), model, 1, 2).has_value());
  rig.run(milliseconds(100));
  EXPECT_EQ(rig.code(2), Errc::kOk);
  EXPECT_TRUE(rig.core().loses_claim(rig.now()));
  EXPECT_TRUE(rig.core().loses_claim(rig.now()));
  EXPECT_FALSE(rig.core().loses_claim(rig.now()));
}

TEST(SimDeviceCore, HeatsUpByWorkThrottlesAndRecovers) {
  Rig rig(R"(modes: [{name: single}]
clock: {steps: [100, 200, 400]}
thermal:
  ambient: 20
  degrees_per_watt: 10
  time_constant: 10s
  busy_watt: 10
  tick: 1s
  ladder:
    - {action: warn, at: 60, hysteresis: 5}
    - {action: clock, at: 80, hysteresis: 20, floor_mhz: 100}
)");
  const auto model = rig.add("single", milliseconds(10));
  std::uint64_t cookie = 0;
  const auto work = [&](Duration time) {
    const TimePoint end = rig.now() + time;
    while (rig.now() < end) {
      rig.submit(model, ++cookie);
      rig.run(milliseconds(10));
    }
  };
  work(seconds(20));
  ASSERT_GE(rig.healths.size(), 2U);
  EXPECT_EQ(rig.healths[0], Health::kDegraded) << "warned, then throttled";
  EXPECT_LT(metric(rig.core(), rig.now(), "clock", 0), 400);
  EXPECT_GT(metric(rig.core(), rig.now(), "temperature"), 60);
  rig.run(seconds(200));
  EXPECT_EQ(rig.healths.back(), Health::kOk);
  EXPECT_EQ(metric(rig.core(), rig.now(), "clock", 0), 400);
  EXPECT_NEAR(metric(rig.core(), rig.now(), "temperature"), 20, 2);
  EXPECT_FALSE(rig.core().next_time().has_value()) << "cool and idle: no ticks";
}

TEST(SimDeviceCore, ShowsHowBusyItIs) {
  Rig rig;
  const auto model = rig.add("single", milliseconds(10));
  for (std::uint64_t i = 1; i <= 100; ++i) {
    rig.submit(model, i);
    rig.run(milliseconds(20));
  }
  EXPECT_NEAR(metric(rig.core(), rig.now(), "utilisation", 0), 0.5, 0.1);
  EXPECT_EQ(metric(rig.core(), rig.now(), "utilisation", 1), 0);
  EXPECT_NEAR(metric(rig.core(), rig.now(), "frame_rate"), 50, 8);
}

double full_rate(Rig& rig) {
  return metric(rig.core(), rig.now(), "full_rate");
}

TEST(SimDeviceCore, KnowsTheRateOfADeviceThatIsNeverIdle) {
  Rig rig;
  const auto model = rig.add("single", milliseconds(10));
  EXPECT_EQ(full_rate(rig), 0) << "nothing has run";
  for (std::uint64_t i = 1; i <= 20; ++i) {
    rig.submit(model, i);
    rig.run(milliseconds(50));
  }
  EXPECT_DOUBLE_EQ(full_rate(rig), 100) << "of the one core in use";
  for (std::uint64_t i = 21; i <= 40; ++i) {
    rig.submit(model, i, 2);
    rig.run(milliseconds(50));
  }
  EXPECT_DOUBLE_EQ(full_rate(rig), 200) << "of two";
}

TEST(SimDeviceCore, CountsWorkInItsFullRateOnceItIsComputed) {
  Rig rig("modes: [{name: single}]\n", "[{kind: lost, at: 95ms}]");
  const auto model = rig.add("single", milliseconds(10));
  rig.submit(model, 1);
  rig.run(milliseconds(5));
  EXPECT_EQ(full_rate(rig), 0) << "the first one is under way";
  for (std::uint64_t i = 2; i <= 20; ++i) {
    rig.submit(model, i);
  }
  rig.run(milliseconds(40));
  EXPECT_DOUBLE_EQ(full_rate(rig), 100) << "while the fifth one is computed";
  rig.run(milliseconds(55));
  ASSERT_EQ(rig.code(20), Errc::kDeviceLost);
  EXPECT_DOUBLE_EQ(full_rate(rig), 100) << "the lost one took nothing";
}

TEST(SimDeviceCore, BoundsItsFullRateByHostAndLink) {
  const auto rate = [](const std::string& more) {
    Rig rig("modes: [{name: single}]\n" + more);
    CoreModel model;
    model.mode.name = "single";
    model.places = {1};
    model.shapes[0].service = milliseconds(1);
    model.always_resident = true;
    model.shapes[0].input_bytes = 4000;
    model.shapes[0].output_bytes = 2000;
    const auto id = rig.core().add_model(rig.now(), model);
    for (std::uint64_t i = 1; i <= 8; ++i) {
      rig.submit(id, i);
    }
    rig.run(seconds(1));
    return full_rate(rig);
  };
  EXPECT_DOUBLE_EQ(rate(""), 1000);
  EXPECT_DOUBLE_EQ(rate("link: {in: 1MB/s, out: 1MB/s}\n"), 250) << "by what goes in";
  EXPECT_DOUBLE_EQ(rate("link: {in: 100MB/s, out: 1MB/s}\n"), 500) << "by what comes out";
  EXPECT_DOUBLE_EQ(rate("link: {in: 1MB/s, out: 1MB/s, host_moves: true}\n"
                        "costs: {host_us: 2000}\n"),
                   125)
      << "one after the other";
  EXPECT_DOUBLE_EQ(rate("costs: {host_us: 2000}\n"), 500) << "by the host's part";
}

TEST(SimDeviceCore, CountsTheFramesOfABatchInItsRates) {
  Rig rig;
  CoreModel model;
  model.mode.name = "single";
  model.places = {1};
  model.shapes[0].service = milliseconds(10);
  model.always_resident = true;
  model.shapes[0].batch = 4;
  const auto id = rig.core().add_model(rig.now(), model);
  for (std::uint64_t i = 1; i <= 100; ++i) {
    rig.submit(id, i);
    rig.run(milliseconds(20));
  }
  EXPECT_DOUBLE_EQ(full_rate(rig), 400);
  EXPECT_NEAR(metric(rig.core(), rig.now(), "frame_rate"), 200, 32);
  EXPECT_EQ(metric(rig.core(), rig.now(), "inferences"), 100);
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

TEST(SimDeviceCore, CountsTheFramesThatAPartialBatchHas) {
  Rig rig;
  const auto model = rig.add_shapes("single", {milliseconds(10), milliseconds(10)});
  rig.submit(model, 1, 1, {1, 0});
  rig.submit(model, 2, 1, {1, 1});
  rig.run(seconds(1));
  EXPECT_DOUBLE_EQ(full_rate(rig), 150) << "two and one in 20 ms";
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
