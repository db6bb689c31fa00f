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

struct Rings {
  int count = 0;

  Doorbell doorbell() {
    return {[](void* self) { ++static_cast<Rings*>(self)->count; }, this};
  }
};

TEST(Runnable, RingsItsDriverOnceForManyRings) {
  Rings rings;
  Worker worker;
  worker.set_driver(rings.doorbell());
  worker.wake();
  worker.doorbell().ring();
  EXPECT_EQ(rings.count, 1);
}

TEST(Runnable, RingsAgainAfterATurnHasBegun) {
  Rings rings;
  Worker worker;
  worker.set_driver(rings.doorbell());
  worker.wake();
  worker.begin_turn();
  worker.wake();
  EXPECT_EQ(rings.count, 2);
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
