#include "drivers/media/av/interrupt_gate.h"

#include <chrono>
#include <thread>

#include <gtest/gtest.h>

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

TEST(InterruptGate, StaysCancelled) {
  InterruptGate gate;
  gate.cancel();
  gate.arm(kLong);
  EXPECT_TRUE(gate.wait_for(kLong));
  EXPECT_EQ(InterruptGate::interrupt_callback(&gate), 1);
}

}  // namespace
}  // namespace penstock
