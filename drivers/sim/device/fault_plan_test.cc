#include "drivers/sim/device/fault_plan.h"

#include <algorithm>
#include <string>

#include <gtest/gtest.h>

namespace penstock::sim {
namespace {

using std::chrono::milliseconds;

TimePoint at_ms(int time) {
  return TimePoint(milliseconds(time));
}

FaultPlan plan_of(const std::string& script, std::uint64_t seed = 1) {
  return {parse_faults(script, "faults").value(), TimePoint(), seed};
}

TEST(FaultPlan, StartsAndEndsByTime) {
  FaultPlan plan = plan_of("[{kind: throttle, mhz: 200, at: 10ms, for: 5ms}]");
  EXPECT_EQ(plan.next_time(), at_ms(10));
  plan.advance(at_ms(10));
  EXPECT_TRUE(plan.is_active(FaultKind::kThrottle));
  EXPECT_EQ(plan.throttle_mhz(), 200);
  EXPECT_EQ(plan.next_time(), at_ms(15));
  plan.advance(at_ms(15));
  EXPECT_FALSE(plan.is_active(FaultKind::kThrottle));
  EXPECT_FALSE(plan.next_time().has_value());
}

TEST(FaultPlan, StartsAfterANumberOfFrames) {
  FaultPlan plan = plan_of("[{kind: slow, factor: 4, after: 2, for: 10ms}]");
  EXPECT_EQ(plan.on_frame(at_ms(1)).slow, 1);
  EXPECT_EQ(plan.on_frame(at_ms(2)).slow, 1);
  EXPECT_EQ(plan.on_frame(at_ms(3)).slow, 4);
  plan.advance(at_ms(13));
  EXPECT_EQ(plan.on_frame(at_ms(13)).slow, 1);
}

TEST(FaultPlan, HitsFramesByProbabilityTheSameForTheSameSeed) {
  const auto hits = [](std::uint64_t seed) {
    FaultPlan plan = plan_of("[{kind: link_errors, probability: 0.25}]", seed);
    std::string text;
    for (int i = 0; i < 1000; ++i) {
      text += plan.on_frame(at_ms(i)).repeats > 0 ? '1' : '0';
    }
    return text;
  };
  const std::string first = hits(5);
  const auto count = std::count(first.begin(), first.end(), '1');
  EXPECT_GT(count, 200);
  EXPECT_LT(count, 300);
  EXPECT_EQ(first, hits(5));
  EXPECT_NE(first, hits(6));
}

TEST(FaultPlan, EndsALostDeviceByAResetOnlyWhereItHasNoEnd) {
  FaultPlan open = plan_of("[{kind: lost}]");
  EXPECT_TRUE(open.is_active(FaultKind::kLost));
  open.on_reset();
  EXPECT_FALSE(open.is_active(FaultKind::kLost));
  FaultPlan timed = plan_of("[{kind: lost, until: 5ms}]");
  timed.on_reset();
  EXPECT_TRUE(timed.is_active(FaultKind::kLost));
}

TEST(FaultPlan, FailsLoadsAndClaimsOnlyForAsLongAsItSays) {
  FaultPlan plan = plan_of(
      "[{kind: failed_load, at: 2ms, for: 3ms, count: 9}, {kind: claim_race, until: 1ms, count: "
      "9}]");
  EXPECT_FALSE(plan.fails_load(at_ms(1)));
  EXPECT_TRUE(plan.fails_load(at_ms(2)));
  EXPECT_TRUE(plan.fails_load(at_ms(4)));
  EXPECT_FALSE(plan.fails_load(at_ms(5))) << "3 ms are over";
  EXPECT_TRUE(plan.loses_claim(at_ms(0)));
  EXPECT_FALSE(plan.loses_claim(at_ms(1)));
}

TEST(FaultPlan, CountsTheTimeOfFailedLoadsFromTheFrameThatStartsThem) {
  FaultPlan plan = plan_of("[{kind: failed_load, after: 1, for: 3ms, count: 9}]");
  EXPECT_FALSE(plan.fails_load(at_ms(9)));
  plan.on_frame(at_ms(10));
  EXPECT_TRUE(plan.fails_load(at_ms(12)));
  EXPECT_FALSE(plan.fails_load(at_ms(13)));
}

TEST(FaultPlan, HitsByChanceAtMostAsOftenAsItsCountSays) {
  FaultPlan limited = plan_of("[{kind: failed_load, probability: 1, count: 2}]");
  FaultPlan open = plan_of("[{kind: failed_load, probability: 1}]");
  int hits = 0;
  int open_hits = 0;
  for (int i = 0; i < 9; ++i) {
    hits += limited.fails_load(at_ms(i)) ? 1 : 0;
    open_hits += open.fails_load(at_ms(i)) ? 1 : 0;
  }
  EXPECT_EQ(hits, 2);
  EXPECT_EQ(open_hits, 9);
}

TEST(FaultPlan, NeverStartsWhatItsEndIsBefore) {
  FaultPlan plan = plan_of("[{kind: lost, after: 1, until: 100ms}]");
  plan.on_frame(at_ms(500));
  plan.on_frame(at_ms(600));
  EXPECT_FALSE(plan.is_active(FaultKind::kLost));
}

TEST(FaultPlan, RefusesWordsThatTheKindDoesNotTake) {
  const auto text = [](const std::string& script) {
    return parse_faults(script, "faults").error().message;
  };
  EXPECT_EQ(
      text("[{kind: lost, factor: 3}]"),
      "faults:1:23: error[E015]: 'faults.factor' is '3': is for slow, and this fault is lost");
  EXPECT_NE(text("[{kind: slow, count: 3}]").find("is for failed_load and claim_race"),
            std::string::npos);
  EXPECT_NE(text("[{kind: slow, fails: true}]").find("is for link_errors"), std::string::npos);
  EXPECT_NE(text("[{kind: claim_race, mhz: 9}]").find("is for throttle"), std::string::npos);
  EXPECT_NE(text("[{kind: hang, for: 0s}]").find("must be above 0"), std::string::npos);
}

TEST(FaultPlan, HoldsNoClockThatTheDeviceDoesNotHave) {
  ClockSetting clock;
  const auto check = [&](const std::string& script) {
    return check_faults(parse_faults(script, "faults").value(), clock);
  };
  EXPECT_TRUE(check("[{kind: throttle}]").has_value());
  EXPECT_NE(check("[{kind: throttle, mhz: 300}]").error().message.find("no clock"),
            std::string::npos);
  clock.steps = {200, 600};
  EXPECT_TRUE(check("[{kind: throttle, mhz: 300}]").has_value());
  EXPECT_EQ(check("[{kind: throttle, mhz: 5000}]").error().message,
            "fault throttle, mhz 5000: must be within the device's clocks, 200 to 600 MHz");
}

TEST(FaultPlan, NamesPlaceAndRuleOfAMistake) {
  const auto text = [](const std::string& script) {
    return parse_faults(script, "faults").error().message;
  };
  EXPECT_EQ(text("[{kind: lots}]").substr(0, 28), "faults:1:9: error[E013]: 'fa");
  EXPECT_NE(text("[{kind: lost, at: 1s, after: 3}]").find("not two of them"), std::string::npos);
  EXPECT_NE(text("[{kind: slow, factor: 0}]").find("must be from"), std::string::npos);
  EXPECT_NE(text("[{kind: slow, fctor: 2}]").find("did you mean 'factor'"), std::string::npos);
  EXPECT_NE(text("[{kind: lost, for: 1s, until: 3s}]").find("not both"), std::string::npos);
  EXPECT_NE(text("{kind: lost}").find("want a list"), std::string::npos);
  EXPECT_TRUE(parse_faults("", "faults")->empty());
}

}  // namespace
}  // namespace penstock::sim
