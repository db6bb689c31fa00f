#include "engine/run/runnable.h"

#include <chrono>

#include <gtest/gtest.h>

namespace penstock {
namespace {

using std::chrono::milliseconds;

class Worker final : public Runnable {
 public:
  Worker() : Runnable("worker") {}

  Step step(TimePoint /*now*/) override { return Step::kIdle; }

  [[nodiscard]] int share(int most) const { return share_of(most); }
};

/// A worker whose driver counts how often it is rung.
struct Driven {
  Driven() {
    worker.set_driver({[](void* self) { ++static_cast<Driven*>(self)->rings; }, this});
  }

  int rings = 0;
  Worker worker;
};

TEST(Runnable, RingsItsDriverOnceForManyRings) {
  Driven driven;
  Worker& worker = driven.worker;
  worker.wake();
  worker.doorbell().ring();
  EXPECT_EQ(driven.rings, 1);
}

TEST(Runnable, RingsAgainAfterItsTurn) {
  Driven driven;
  Worker& worker = driven.worker;
  worker.wake();
  ASSERT_TRUE(worker.begin_turn());
  EXPECT_EQ(worker.end_turn(), Runnable::Next::kRest);
  worker.wake();
  EXPECT_EQ(driven.rings, 2);
}

TEST(Runnable, AnswersARingDuringATurnAtItsEnd) {
  Driven driven;
  Worker& worker = driven.worker;
  worker.wake();
  ASSERT_TRUE(worker.begin_turn());
  worker.wake();
  worker.wake();
  EXPECT_EQ(driven.rings, 1);
  EXPECT_EQ(worker.end_turn(), Runnable::Next::kTurn);
  worker.wake();  // The turn is owed already.
  EXPECT_EQ(driven.rings, 1);
  ASSERT_TRUE(worker.begin_turn());
  EXPECT_EQ(worker.end_turn(), Runnable::Next::kRest);
}

TEST(Runnable, ClosesAtOnceWhereNoTurnIsOwed) {
  Driven driven;
  Worker& worker = driven.worker;
  EXPECT_TRUE(worker.close());
  worker.wake();
  EXPECT_EQ(driven.rings, 0);
}

TEST(Runnable, ClosesWithTheTurnThatIsOwed) {
  Driven driven;
  Worker& worker = driven.worker;
  worker.wake();
  EXPECT_FALSE(worker.close());
  EXPECT_FALSE(worker.begin_turn());
  worker.wake();
  EXPECT_EQ(driven.rings, 1);
}

TEST(Runnable, ClosesWithTheTurnThatIsUnderWay) {
  Worker worker;
  worker.wake();
  ASSERT_TRUE(worker.begin_turn());
  EXPECT_FALSE(worker.close());
  worker.wake();
  EXPECT_EQ(worker.end_turn(), Runnable::Next::kClosed);
}

TEST(Runnable, IsHeavyWhileTwoOfItsLastTurnsWere) {
  Worker worker;
  EXPECT_TRUE(worker.is_light());
  worker.count_turn(Runnable::kHeavyTurn * 2);
  EXPECT_TRUE(worker.is_light()) << "one may have been the system's";
  for (int i = 0; i < 30; ++i) {
    worker.count_turn(Runnable::kLightTurn);
  }
  worker.count_turn(Runnable::kHeavyTurn * 2);
  EXPECT_FALSE(worker.is_light());
  worker.count_turn(Runnable::kLightTurn);
  EXPECT_TRUE(worker.is_light()) << "the first is long ago";
}

TEST(Runnable, IsLightWhileItsUsualTurnIsShort) {
  Worker worker;
  for (int i = 0; i < 50; ++i) {
    worker.count_turn(i % 8 == 0 ? Runnable::kLightTurn * 4 : Runnable::kLightTurn / 4);
    EXPECT_TRUE(worker.is_light()) << "turn " << i;
  }
  for (int i = 0; i < 50; ++i) {
    worker.count_turn(i % 2 == 0 ? Runnable::kLightTurn * 4 : Runnable::kLightTurn / 4);
  }
  EXPECT_FALSE(worker.is_light());
}

TEST(Runnable, CountsLongTurnsAndKeepsTheLongest) {
  Worker worker;
  worker.count_turn(milliseconds(19));
  worker.count_turn(milliseconds(70));
  worker.count_turn(milliseconds(20));
  EXPECT_EQ(worker.long_turns(), 2U);
  EXPECT_EQ(worker.longest_turn(), milliseconds(70));
}

TEST(Runnable, TakesFewerFramesAfterLongTurnsAndAtLeastOne) {
  Worker worker;
  EXPECT_EQ(worker.share(32), 32);
  worker.count_turn(milliseconds(6));
  EXPECT_EQ(worker.share(32), 16);
  for (int i = 0; i < 20; ++i) {
    worker.count_turn(milliseconds(6));
  }
  EXPECT_EQ(worker.share(32), 1);
}

TEST(Runnable, TakesMoreFramesAgainAfterShortTurns) {
  Worker worker;
  worker.count_turn(milliseconds(6));
  worker.count_turn(milliseconds(6));
  worker.count_turn(milliseconds(3));  // Neither long nor short.
  EXPECT_EQ(worker.share(32), 8);
  worker.count_turn(milliseconds(1));
  worker.count_turn(milliseconds(1));
  EXPECT_EQ(worker.share(32), 32);
}

}  // namespace
}  // namespace penstock
