#include "actors/shell_set.h"

#include <atomic>
#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "actors/testing/gate.h"
#include "actors/worker_system.h"

namespace penstock::actors {
namespace {

using testing::Gate;

/// Does in each turn what the test says.
class Scripted final : public Runnable {
 public:
  explicit Scripted(std::function<Step()> turn) : Runnable("scripted"), turn_(std::move(turn)) {}

  Step step(TimePoint /*now*/) override { return turn_(); }

 private:
  std::function<Step()> turn_;
};

class ShellSetTest : public ::testing::Test {
 protected:
  Workers::System workers_{2};
  SteadyClock clock_;
  ShellSet shells_{workers_};
};

TEST_F(ShellSetTest, MakesWhatALightTurnHasRungOnTheSameWorker) {
  std::thread::id of_second;
  std::thread::id of_first;
  Gate done;
  Scripted second([&] {
    of_second = std::this_thread::get_id();
    done.open();
    return Runnable::Step::kFinished;
  });
  Scripted first([&] {
    of_first = std::this_thread::get_id();
    second.wake();
    return Runnable::Step::kFinished;
  });
  shells_.add(first, &clock_);
  shells_.add(second, &clock_);
  first.wake();
  EXPECT_TRUE(done.opens());
  shells_.stop();
  EXPECT_EQ(of_second, of_first);
}

TEST_F(ShellSetTest, PostsWhatAHeavyTurnHasRungAtOnce) {
  Gate second_ran;
  Gate done;
  bool in_time = false;
  Scripted second([&] {
    second_ran.open();
    return Runnable::Step::kFinished;
  });
  Scripted first([&] {
    second.wake();
    in_time = second_ran.opens();  // As long as this turn goes on.
    done.open();
    return Runnable::Step::kFinished;
  });
  first.count_turn(Runnable::kLightTurn * 2);
  first.count_turn(Runnable::kLightTurn * 2);
  shells_.add(first, &clock_);
  shells_.add(second, &clock_);
  first.wake();
  EXPECT_TRUE(done.opens());
  shells_.stop();
  EXPECT_TRUE(in_time);
}

TEST_F(ShellSetTest, HasWhatWaitsBehindATurnThatIsSuddenlyLongMadeElsewhere) {
  Gate second_ran;
  Gate done;
  bool in_time = false;
  Scripted second([&] {
    second_ran.open();
    return Runnable::Step::kFinished;
  });
  Scripted first([&] {
    second.wake();
    in_time = second_ran.opens();
    done.open();
    return Runnable::Step::kFinished;
  });
  shells_.add(first, &clock_);
  shells_.add(second, &clock_);
  first.wake();
  EXPECT_TRUE(done.opens());
  shells_.stop();
  EXPECT_TRUE(in_time);
}

TEST_F(ShellSetTest, HasTheFirstOfARowMadeElsewhereWhileALaterOneHangs) {
  Gate again;
  Gate begun;
  bool in_time = false;
  Gate done;
  Scripted second([&] {
    begun.open();
    in_time = again.opens();
    done.open();
    return Runnable::Step::kFinished;
  });
  int turns = 0;
  Scripted first([&] {
    if (++turns == 1) {
      second.wake();
      return Runnable::Step::kIdle;
    }
    again.open();
    return Runnable::Step::kFinished;
  });
  shells_.add(first, &clock_);
  shells_.add(second, &clock_);
  first.wake();
  EXPECT_TRUE(begun.opens());
  first.wake();
  EXPECT_TRUE(done.opens());
  shells_.stop();
  EXPECT_TRUE(in_time);
}

TEST_F(ShellSetTest, LetsOthersHaveAWorkerWhileTwoRingEachOtherForEver) {
  std::atomic<bool> goes_on{true};
  std::atomic<std::uint64_t> turns{0};
  Runnable* other_of_first = nullptr;
  Runnable* other_of_second = nullptr;
  const auto make = [&](Runnable** other) {
    return [&turns, &goes_on, other] {
      turns += 1;
      if (goes_on) {
        (*other)->wake();
      }
      return Runnable::Step::kIdle;
    };
  };
  // Two pairs keep both workers busy.
  Scripted first(make(&other_of_first));
  Scripted second(make(&other_of_second));
  other_of_first = &second;
  other_of_second = &first;
  Runnable* other_of_third = nullptr;
  Runnable* other_of_fourth = nullptr;
  Scripted third(make(&other_of_third));
  Scripted fourth(make(&other_of_fourth));
  other_of_third = &fourth;
  other_of_fourth = &third;
  Gate done;
  Scripted late([&] {
    done.open();
    return Runnable::Step::kFinished;
  });
  for (Scripted* one : {&first, &second, &third, &fourth, &late}) {
    shells_.add(*one, &clock_);
  }
  first.wake();
  third.wake();
  while (turns < 1000) {
    std::this_thread::yield();
  }
  late.wake();
  EXPECT_TRUE(done.opens());
  goes_on = false;
  shells_.stop();
}

TEST_F(ShellSetTest, MakesATurnForEachRingThatComesDuringATurnElsewhere) {
  constexpr int kRings = 20'000;
  std::atomic<int> rung{0};
  std::atomic<int> seen{0};
  Gate done;
  Scripted counter([&] {
    seen = rung.load();
    if (seen == kRings) {
      done.open();
      return Runnable::Step::kFinished;
    }
    return Runnable::Step::kIdle;
  });
  shells_.add(counter, &clock_);
  std::thread foreign([&] {
    for (int i = 0; i < kRings; ++i) {
      rung += 1;
      counter.wake();
    }
  });
  foreign.join();
  EXPECT_TRUE(done.opens()) << seen << " of " << kRings;
  shells_.stop();
}

TEST_F(ShellSetTest, StopsAfterTheTurnThatIsUnderWayOnWhicheverWorker) {
  for (int i = 0; i < 200; ++i) {
    ShellSet shells(workers_);
    std::atomic<bool> in_turn{false};
    Gate begun;
    Scripted second([&] {
      in_turn = true;
      begun.open();
      for (int spin = 0; spin < 1000; ++spin) {
        std::this_thread::yield();
      }
      in_turn = false;
      return Runnable::Step::kFinished;
    });
    Scripted first([&] {
      second.wake();
      return Runnable::Step::kIdle;
    });
    shells.add(first, &clock_);
    shells.add(second, &clock_);
    first.wake();
    ASSERT_TRUE(begun.opens());
    shells.stop();
    EXPECT_FALSE(in_turn) << i;
    first.wake();  // A late ring reaches nobody.
  }
}

}  // namespace
}  // namespace penstock::actors
