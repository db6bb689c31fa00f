#include "engine/run/virtual_runner.h"

#include <functional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "engine/run/testing/virtual_graph.h"

namespace penstock {
namespace {

/// A runnable whose step is a function.
class Stepper final : public Runnable {
 public:
  explicit Stepper(std::function<Step(TimePoint)> act)
      : Runnable("stepper"),
        act_(std::move(act)) {}

  Step step(TimePoint now) override {
    ++steps;
    return act_(now);
  }

  void blocking_step() override { ++blocked; }

  [[nodiscard]] std::optional<TimePoint> wake_at() const override { return due; }

  int steps = 0;
  int blocked = 0;
  std::optional<TimePoint> due;

 private:
  std::function<Step(TimePoint)> act_;
};

using Step = Runnable::Step;

TimePoint at_ms(int ms) {
  return TimePoint(std::chrono::milliseconds(ms));
}

TEST(VirtualRunner, StepsEachRunnableOnceByItself) {
  ManualClock clock;
  Stepper idle([](TimePoint) { return Step::kIdle; });
  VirtualRunner runner(clock);
  runner.add(idle);
  EXPECT_TRUE(runner.run());
  EXPECT_EQ(idle.steps, 1);
}

TEST(VirtualRunner, StepsARunnableThatWasRungBeforeItWasAdded) {
  ManualClock clock;
  Stepper idle([](TimePoint) { return Step::kIdle; });
  VirtualRunner runner(clock);
  idle.wake();
  runner.add(idle);
  runner.run();
  EXPECT_EQ(idle.steps, 1);
}

TEST(VirtualRunner, StepsAgainWhenAskedOrRung) {
  ManualClock clock;
  int left = 3;
  Stepper busy([&left](TimePoint) { return --left > 0 ? Step::kAgain : Step::kIdle; });
  VirtualRunner runner(clock);
  runner.add(busy);
  runner.run();
  EXPECT_EQ(busy.steps, 3);
  busy.wake();
  busy.wake();
  runner.run();
  EXPECT_EQ(busy.steps, 4);
}

TEST(VirtualRunner, TakesTheBlockingStepAndStepsAgain) {
  ManualClock clock;
  bool first = true;
  Stepper opens([&first](TimePoint) {
    return std::exchange(first, false) ? Step::kBlocking : Step::kFinished;
  });
  VirtualRunner runner(clock);
  runner.add(opens);
  runner.run();
  EXPECT_EQ(opens.blocked, 1);
  EXPECT_EQ(opens.steps, 2);
  EXPECT_TRUE(runner.is_finished(opens));
}

TEST(VirtualRunner, NeverStepsWhoHasFinished) {
  ManualClock clock;
  Stepper done([](TimePoint) { return Step::kFinished; });
  VirtualRunner runner(clock);
  runner.add(done);
  runner.run();
  done.wake();
  runner.run();
  EXPECT_EQ(done.steps, 1);
}

TEST(VirtualRunner, JumpsToTheTimeThatSomebodyWaitsFor) {
  ManualClock clock;
  std::vector<TimePoint> times;
  Stepper paced([&times](TimePoint now) {
    times.push_back(now);
    return times.size() < 3 ? Step::kIdle : Step::kFinished;
  });
  paced.due = at_ms(10);
  VirtualRunner runner(clock);
  runner.at(at_ms(20), [&paced] { paced.wake(); });
  runner.add(paced);
  EXPECT_TRUE(runner.run());
  ASSERT_GE(times.size(), 2U);
  EXPECT_EQ(times[1], at_ms(10));
}

TEST(VirtualRunner, SetsOneTimerForARunnableHoweverOftenItIsRung) {
  ManualClock clock;
  int ticks = 0;
  Stepper ticking([](TimePoint) { return Step::kIdle; });
  Stepper* self = &ticking;
  Stepper paced([&ticks, self](TimePoint now) {
    self->wake();
    ticks += now == at_ms(100) ? 1 : 0;
    return now < at_ms(100) ? Step::kIdle : Step::kFinished;
  });
  paced.due = at_ms(100);
  VirtualRunner runner(clock);
  runner.add(ticking);
  runner.add(paced);
  for (int ms = 1; ms < 50; ++ms) {
    runner.at(at_ms(ms), [&paced] { paced.wake(); });
  }
  runner.run();
  EXPECT_EQ(ticks, 1);
  EXPECT_EQ(paced.steps, 51);  // The first, 49 rings, the timer.
}

TEST(VirtualRunner, ForgetsATimeThatARunnableNoLongerWaitsFor) {
  ManualClock clock;
  Stepper paced([](TimePoint) { return Step::kIdle; });
  paced.due = at_ms(100);
  VirtualRunner runner(clock);
  runner.add(paced);
  runner.run_until(at_ms(1));
  paced.due.reset();
  paced.doorbell().ring();
  runner.run();
  EXPECT_EQ(paced.steps, 2);
  EXPECT_EQ(clock.now(), at_ms(1));
}

TEST(VirtualRunner, RunsActionsInTheOrderOfTheirTimes) {
  ManualClock clock;
  std::string trace;
  VirtualRunner runner(clock);
  runner.at(at_ms(2), [&trace] { trace += 'b'; });
  runner.at(at_ms(1), [&trace] { trace += 'a'; });
  runner.at(at_ms(2), [&trace] { trace += 'c'; });
  runner.run();
  EXPECT_EQ(trace, "abc");
  EXPECT_EQ(clock.now(), at_ms(2));
}

TEST(VirtualRunner, StopsAtATimeAndAtALimitOfSteps) {
  ManualClock clock;
  Stepper endless([](TimePoint) { return Step::kAgain; });
  VirtualRunner runner(clock);
  EXPECT_TRUE(runner.run_until(at_ms(5)));
  EXPECT_EQ(clock.now(), at_ms(5));
  runner.add(endless);
  EXPECT_FALSE(runner.run(100));
  EXPECT_EQ(endless.steps, 100);
}

TEST(VirtualRunner, MayGoBeforeSomebodyRings) {
  ManualClock clock;
  Stepper idle([](TimePoint) { return Step::kIdle; });
  {
    VirtualRunner runner(clock);
    runner.add(idle);
    runner.run();
  }
  idle.wake();  // A frame that the application kept ends now.
}

/// The order in which four runnables take their turns.
std::string order_of(std::uint64_t seed) {
  ManualClock clock;
  std::string trace;
  std::vector<std::unique_ptr<Stepper>> all;
  VirtualRunner runner(clock, seed);
  for (char name = 'a'; name < 'e'; ++name) {
    all.push_back(std::make_unique<Stepper>([&trace, name, left = 6](TimePoint) mutable {
      trace += name;
      return --left > 0 ? Step::kAgain : Step::kFinished;
    }));
    runner.add(*all.back());
  }
  runner.run();
  return trace;
}

TEST(VirtualRunner, GivesTheSameRunForTheSameSeed) {
  EXPECT_EQ(order_of(7), order_of(7));
  EXPECT_NE(order_of(7), order_of(8));
  EXPECT_EQ(order_of(0).substr(0, 8), "abcdabcd");
}

}  // namespace
}  // namespace penstock
