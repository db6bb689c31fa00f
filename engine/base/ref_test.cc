#include "engine/base/ref.h"

#include <atomic>
#include <thread>

#include <gtest/gtest.h>

namespace penstock {
namespace {

/// Counts how often its last reference goes.
struct Counted : RefCounted<Counted> {
  void on_last_reference() { ++ends; }

  std::atomic<int> ends{0};
};

TEST(Ref, EndsWithTheLastReference) {
  Counted one;
  {
    const Ref<Counted> first(&one);
    const Ref<Counted> second = first;
    EXPECT_FALSE(one.is_unique());
  }
  EXPECT_EQ(one.ends, 1);
}

TEST(Ref, CanBeUsedAgainAfterItsEnd) {
  Counted one;
  for (int i = 1; i <= 3; ++i) {
    one.add_first_reference();
    const Ref<Counted> more(&one);
    one.drop_reference();
    EXPECT_TRUE(one.is_unique());
    EXPECT_EQ(one.ends, i - 1);
  }
  EXPECT_EQ(one.ends, 3);
}

TEST(RefDeathTest, RefusesAFirstReferenceToWhatIsInUse) {
  Counted one;
  const Ref<Counted> first(&one);
  EXPECT_DEATH(one.add_first_reference(), "in use");
}

TEST(Ref, EndsOnceWhereThreadsDropTheirsAtOnce) {
  constexpr int kRounds = 2000;
  Counted one;
  std::atomic<int> begun{0};
  std::atomic<int> ended{0};
  const auto drop = [&](int threads) {
    for (int round = 1; round <= kRounds; ++round) {
      while (begun.load() < round) {
        std::this_thread::yield();
      }
      one.drop_reference();
      if (ended.fetch_add(1) + 1 == threads * round) {
        // The last of the round: what it sees must be settled.
        EXPECT_EQ(one.ends, round);
        if (round < kRounds) {
          one.add_first_reference();
          one.add_reference();
        }
        begun.store(round + 1);
      }
    }
  };
  one.add_first_reference();
  one.add_reference();
  begun.store(1);
  std::thread other([&] { drop(2); });
  drop(2);
  other.join();
  EXPECT_EQ(one.ends, kRounds);
}

}  // namespace
}  // namespace penstock
