// What a simulated device does when it is lost, hangs, heats up, or its script says so.

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "drivers/sim/device/sim_device_core.h"
#include "drivers/sim/device/testing/core_rig.h"

namespace penstock::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::metric;
using testing::Rig;

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

TEST(SimDeviceCore, EndsAResetAsDegradedWhereItIsThrottledByThen) {
  Rig rig("modes: [{name: single}]\nclock: {steps: [100, 400]}\n",
          "[{kind: lost, at: 10ms}, {kind: throttle, at: 40ms}]");
  const auto model = rig.add("single", milliseconds(10));
  rig.run(milliseconds(20));
  rig.core().reset(rig.now());
  rig.run(seconds(2));
  // The throttling that began while the device was reset is no news of its own before the end.
  EXPECT_EQ(rig.healths, (std::vector{Health::kFault, Health::kResetting, Health::kDegraded}));
  rig.submit(model, 1);
  rig.run(seconds(1));
  EXPECT_EQ(rig.code(1), Errc::kOk);
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

TEST(SimDeviceCore, IsNoHotterForAFrameThatTakesLongThanItsTimeAllows) {
  Rig rig(R"(modes: [{name: single}]
thermal:
  ambient: 20
  degrees_per_watt: 10
  time_constant: 10s
  busy_watt: 10
  tick: 10ms
  ladder: [{action: shutdown, at: 120}]
)",
          "[{kind: slow, factor: 1e6}]");
  const auto model = rig.add("single", milliseconds(10));
  rig.submit(model, 1);
  rig.run(milliseconds(100));
  const double temperature = metric(rig.core(), rig.now(), "temperature");
  EXPECT_GT(temperature, 20.5);
  EXPECT_LT(temperature, 21.5) << "a hundredth of the time constant, 100 degrees in the end";
  EXPECT_TRUE(rig.healths.empty());
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

}  // namespace
}  // namespace penstock::sim
