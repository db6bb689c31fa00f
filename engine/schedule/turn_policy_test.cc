#include "engine/schedule/turn_policy.h"

#include <gtest/gtest.h>

namespace penstock {
namespace {

using namespace std::chrono_literals;

const TimePoint kNow{10s};

Standing waiting(double tag = 0, std::uint8_t rank = 1) {
  Standing standing;
  standing.has_work = true;
  standing.tag = tag;
  standing.rank = rank;
  standing.weight = 1;
  return standing;
}

Turn turn_of(std::uint32_t frames, const FlowKnobs& knobs = {}) {
  Turn turn;
  turn.serve(knobs, 1, frames, kNow);
  return turn;
}

LeaveVerdict ask(const Standing& who, const Standing& holder, const Turn& turn) {
  return may_leave(who, holder, turn, TimePoint{}, 0, kNow);
}

TEST(TurnPolicy, EqualWaitsForTheFrameLimit) {
  EXPECT_EQ(ask(waiting(0), waiting(5), turn_of(599)).reason, DecisionReason::kInTurn);
  EXPECT_TRUE(ask(waiting(0), waiting(5), turn_of(600)).may_leave);
}

TEST(TurnPolicy, EqualThatReceivedMoreWaitsOn) {
  EXPECT_FALSE(ask(waiting(9), waiting(5), turn_of(600)).may_leave);
}

TEST(TurnPolicy, TimeLimitEndsATurnToo) {
  FlowKnobs knobs;
  knobs.time_limit = 100ms;
  Turn turn = turn_of(3, knobs);
  turn.time = 99ms;
  EXPECT_FALSE(ask(waiting(0), waiting(5), turn).may_leave);
  turn.time = 100ms;
  EXPECT_TRUE(ask(waiting(0), waiting(5), turn).may_leave);
}

TEST(TurnPolicy, HigherClassNeedNotWait) {
  EXPECT_TRUE(ask(waiting(9, 2), waiting(0, 1), turn_of(1)).may_leave);
  EXPECT_EQ(ask(waiting(0, 0), waiting(9, 1), turn_of(600)).reason, DecisionReason::kLowerClass);
}

TEST(TurnPolicy, OverdueOfALowerClassWaitsForTheTurnOnly) {
  Standing overdue = waiting(9, 0);
  overdue.is_overdue = true;
  EXPECT_FALSE(ask(overdue, waiting(0, 2), turn_of(599)).may_leave);
  EXPECT_EQ(ask(overdue, waiting(0, 2), turn_of(600)).reason, DecisionReason::kOverdue);
}

TEST(TurnPolicy, TurnGrantedByMaxWaitIsShort) {
  Turn turn = turn_of(1);
  turn.is_full = false;
  EXPECT_TRUE(ask(waiting(0), waiting(5), turn).may_leave);
  EXPECT_FALSE(ask(waiting(9), waiting(5), turn).may_leave) << "but not for one that had more";
}

TEST(TurnPolicy, EmptyQueueYieldsAfterItsLinger) {
  FlowKnobs knobs;
  knobs.linger = 50ms;
  const Turn turn = turn_of(1, knobs);
  EXPECT_EQ(ask(waiting(), {}, turn).ask_at, kNow + 50ms);
  EXPECT_TRUE(may_leave(waiting(), {}, turn, TimePoint{}, 0, kNow + 50ms).may_leave);
  EXPECT_TRUE(ask(waiting(), {}, turn_of(1)).may_leave) << "without linger at once";
}

TEST(TurnPolicy, SwapShareHoldsEverybodyBack) {
  const LeaveVerdict verdict =
      may_leave(waiting(0, 2), waiting(0, 1), turn_of(1), kNow + 7ms, 0, kNow);
  EXPECT_EQ(verdict.reason, DecisionReason::kSwapShare);
  EXPECT_EQ(verdict.ask_at, kNow + 7ms);
}

TEST(TurnPolicy, SecondPlaceIsForOneThatLags) {
  Standing resident = waiting(0);
  resident.is_resident = true;
  resident.held = 1;
  const auto verdict = [&](double tag) {
    Standing holder = waiting(tag);
    holder.held = 3;
    return may_leave(resident, holder, turn_of(600), TimePoint{}, 10, kNow).may_leave;
  };
  EXPECT_FALSE(verdict(10));
  EXPECT_TRUE(verdict(11));
}

TEST(TurnPolicy, FurtherPlaceIsTakenOnlyFromOneThatHoldsMoreForItsWeight) {
  Standing resident = waiting(0);
  resident.is_resident = true;
  resident.held = 2;
  const auto verdict = [&](std::uint32_t held, double weight) {
    Standing holder = waiting(1000);
    holder.held = held;
    holder.weight = weight;
    return may_leave(resident, holder, turn_of(600), TimePoint{}, 10, kNow).may_leave;
  };
  EXPECT_FALSE(verdict(2, 1)) << "its lag does not grow";
  EXPECT_FALSE(verdict(6, 3));
  EXPECT_TRUE(verdict(7, 3));
  resident.rank = 2;
  EXPECT_TRUE(verdict(2, 1)) << "classes are strict";
}

TEST(TurnPolicy, OverdueGoFirstInTheirOrder) {
  Standing first = waiting(9, 0);
  first.is_overdue = true;
  first.due = kNow;
  Standing second = first;
  second.due = kNow + 1ms;
  EXPECT_TRUE(precedes(first, second));
  EXPECT_TRUE(precedes(second, waiting(0, 2)));
  EXPECT_FALSE(precedes(waiting(0, 2), second));
}

}  // namespace
}  // namespace penstock
