#include "drivers/sim/device/thermal_model.h"

#include <gtest/gtest.h>

namespace penstock::sim {
namespace {

using std::chrono::seconds;

TimePoint at(int time) {
  return TimePoint(seconds(time));
}

ThermalFigures figures() {
  ThermalFigures thermal;
  thermal.ambient = 20;
  thermal.degrees_per_watt = 10;
  thermal.time_constant = seconds(10);
  thermal.busy_watt = 10;
  ThermalRung limit;
  limit.action = ThermalRung::Action::kLimit;
  limit.at = 60;
  limit.hysteresis = 10;
  limit.limit_percent = 25;
  ThermalRung clock;
  clock.action = ThermalRung::Action::kClock;
  clock.at = 80;
  clock.hysteresis = 10;
  clock.floor_mhz = 200;
  thermal.ladder = {limit, clock};
  return thermal;
}

ClockSetting clocks() {
  ClockSetting clock;
  clock.steps = {100, 200, 400, 800};
  clock.initial = clock.reference = 800;
  return clock;
}

TEST(ThermalModel, StaysAtRestWithoutWorkAndWantsNoTicks) {
  const ThermalFigures thermal = figures();
  const ClockSetting clock = clocks();
  ThermalModel model(thermal, clock, 2, at(0));
  EXPECT_FALSE(model.needs_ticks());
  EXPECT_DOUBLE_EQ(model.temperature(at(1000)), 20);
}

TEST(ThermalModel, ApproachesWhatItsPowerGives) {
  const ThermalFigures thermal = figures();
  const ClockSetting clock = clocks();
  ThermalModel model(thermal, clock, 2, at(0));
  model.start_work(0, 3, at(0), at(10));  // 50 degrees in the end.
  EXPECT_TRUE(model.needs_ticks());
  model.tick(at(10));
  EXPECT_DOUBLE_EQ(model.watt(), 3);
  EXPECT_NEAR(model.temperature(at(10)), 50 - 30 * 0.3679, 0.01);
}

TEST(ThermalModel, TakesInOnlyWhatTheTimeThatPassedAllows) {
  const ThermalFigures thermal = figures();
  const ClockSetting clock = clocks();
  ThermalModel model(thermal, clock, 2, at(0));
  model.start_work(0, 10, at(0), at(1'000'000));
  model.tick(at(1));
  EXPECT_DOUBLE_EQ(model.watt(), 10) << "not the energy of a million seconds";
  EXPECT_TRUE(model.needs_ticks());
  model.start_work(1, 10, at(1), at(2));
  model.tick(at(3));
  EXPECT_DOUBLE_EQ(model.watt(), 15) << "two seconds of the first, one of the second";
  model.stop_work(at(4));
  model.tick(at(5));
  EXPECT_DOUBLE_EQ(model.watt(), 5);
  model.tick(at(6));
  EXPECT_DOUBLE_EQ(model.watt(), 0) << "what was stopped heats no more";
}

TEST(ThermalModel, LimitsWithHysteresis) {
  const ThermalFigures thermal = figures();
  const ClockSetting clock = clocks();
  ThermalModel model(thermal, clock, 2, at(0));
  model.start_work(0, 5, at(0), at(100));
  EXPECT_TRUE(model.tick(at(100)));  // 70 degrees
  EXPECT_EQ(model.limit_ratio(), 0.25);
  EXPECT_TRUE(model.is_throttled());
  EXPECT_FALSE(model.tick(at(102)));  // about 61
  EXPECT_FALSE(model.tick(at(104)));  // about 53: within the hysteresis
  EXPECT_EQ(model.limit_ratio(), 0.25);
  EXPECT_TRUE(model.tick(at(108)));
  EXPECT_EQ(model.limit_ratio(), 1);
}

TEST(ThermalModel, StepsTheClockDownToItsFloorAndUpAgain) {
  const ThermalFigures thermal = figures();
  const ClockSetting clock = clocks();
  ThermalModel model(thermal, clock, 2, at(0));
  model.start_work(0, 10, at(0), at(100));
  model.tick(at(100));  // 120 degrees
  EXPECT_EQ(model.ceiling_mhz(), 400);
  model.tick(at(101));
  EXPECT_EQ(model.ceiling_mhz(), 200);
  model.tick(at(102));
  EXPECT_EQ(model.ceiling_mhz(), 200) << "the floor";
  model.tick(at(110));
  EXPECT_EQ(model.ceiling_mhz(), 400);
  model.tick(at(111));
  EXPECT_EQ(model.ceiling_mhz(), 0) << "any clock again";
}

}  // namespace
}  // namespace penstock::sim
