#include "drivers/media/av/interrupt_gate.h"

#include <chrono>
#include <cstdint>
#include <thread>

#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace penstock {
namespace {

constexpr Duration kLong = std::chrono::minutes(10);

TEST(InterruptGate, LetsACallGoOnThatIsInTime) {
  InterruptGate gate;
  EXPECT_EQ(InterruptGate::interrupt_callback(&gate), 0);
  gate.arm(kLong);
  EXPECT_EQ(InterruptGate::interrupt_callback(&gate), 0);
  EXPECT_FALSE(gate.wait_for(Duration(1)));
}

TEST(InterruptGate, GivesUpACallWhoseTimeIsOver) {
  InterruptGate gate;
  gate.arm(Duration::zero());
  EXPECT_TRUE(gate.has_expired());
  EXPECT_EQ(InterruptGate::interrupt_callback(&gate), 1);
  EXPECT_TRUE(gate.wait_for(kLong));
  gate.disarm();
  EXPECT_FALSE(gate.has_expired());
  EXPECT_EQ(InterruptGate::interrupt_callback(&gate), 0);
}

TEST(InterruptGate, EndsAWaitAtTheLimitOfTheCall) {
  InterruptGate gate;
  gate.arm(std::chrono::milliseconds(1));
  EXPECT_TRUE(gate.wait_for(kLong));
  EXPECT_TRUE(gate.has_expired());
  EXPECT_FALSE(gate.is_cancelled());
}

TEST(InterruptGate, EndsAWaitAtOnceWhenItIsCancelled) {
  InterruptGate gate;
  gate.arm(kLong);
  std::thread other([&gate] { gate.cancel(); });
  EXPECT_TRUE(gate.wait_for(kLong));
  other.join();
  EXPECT_TRUE(gate.is_cancelled());
  EXPECT_FALSE(gate.has_expired());
}

/// What is written to an eventfd since it was looked at last.
std::uint64_t taken_from(int eventfd) {
  std::uint64_t count = 0;
  return ::read(eventfd, &count, sizeof(count)) == sizeof(count) ? count : 0;
}

TEST(InterruptGate, WakesWhoeverPollsWhenItIsCancelled) {
  const int waker = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  ASSERT_GE(waker, 0);
  InterruptGate gate;
  gate.wake_on_cancel(waker);
  EXPECT_EQ(taken_from(waker), 0U);
  gate.cancel();
  EXPECT_EQ(taken_from(waker), 1U);
  gate.wake_on_cancel(-1);
  gate.cancel();
  EXPECT_EQ(taken_from(waker), 0U) << "nobody polls any more";
  gate.wake_on_cancel(waker);
  EXPECT_EQ(taken_from(waker), 1U) << "it was cancelled before";
  ::close(waker);
}

TEST(InterruptGate, TellsHowMuchTimeIsLeft) {
  InterruptGate gate;
  EXPECT_FALSE(gate.time_left().has_value());
  gate.arm(kLong);
  EXPECT_GT(gate.time_left().value(), Duration::zero());
  EXPECT_LE(gate.time_left().value(), kLong);
  gate.arm(-kLong);
  EXPECT_EQ(gate.time_left(), Duration::zero());
  gate.disarm();
  EXPECT_FALSE(gate.time_left().has_value());
}

TEST(InterruptGate, StaysCancelled) {
  InterruptGate gate;
  gate.cancel();
  gate.arm(kLong);
  EXPECT_TRUE(gate.wait_for(kLong));
  EXPECT_EQ(InterruptGate::interrupt_callback(&gate), 1);
}

}  // namespace
}  // namespace penstock
