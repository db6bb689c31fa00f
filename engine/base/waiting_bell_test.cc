#include "engine/base/waiting_bell.h"

#include <atomic>
#include <thread>

#include <gtest/gtest.h>

namespace penstock {
namespace {

constexpr Duration kLong = std::chrono::minutes(10);
constexpr Duration kNotAtAll = Duration::zero();

TEST(WaitingBell, EndsAWaitByARingFromAnotherThread) {
  WaitingBell bell;
  std::thread ringer([doorbell = bell.doorbell()] { doorbell.ring(); });
  EXPECT_TRUE(bell.wait("a ring", kLong).has_value());
  ringer.join();
}

TEST(WaitingBell, RemembersARingThatCameBefore) {
  WaitingBell bell;
  bell.doorbell().ring();
  bell.wait();
}

TEST(WaitingBell, TakesManyRingsForOne) {
  WaitingBell bell;
  bell.doorbell().ring();
  bell.doorbell().ring();
  EXPECT_TRUE(bell.wait("a ring", kNotAtAll).has_value());
  EXPECT_FALSE(bell.wait("a ring", kNotAtAll).has_value());
}

TEST(WaitingBell, NamesWhatDidNotCome) {
  WaitingBell bell;
  const Status status = bell.wait("the inference", kNotAtAll);
  ASSERT_FALSE(status.has_value());
  EXPECT_EQ(status.error().code, Errc::kDeadlineExceeded);
  EXPECT_EQ(status.error().message, "the inference did not come within 0 s");
}

TEST(WaitingBell, AsksAtOnceAndAfterEachRing) {
  WaitingBell bell;
  EXPECT_TRUE(bell.wait_until([] { return true; }, kNotAtAll));
  std::atomic<int> rings = 0;
  int asked = 0;
  std::thread ringer([&, doorbell = bell.doorbell()] {
    for (int i = 0; i < 3; ++i) {
      ++rings;
      doorbell.ring();
    }
  });
  const bool came = bell.wait_until(
      [&] {
        ++asked;
        return rings.load() == 3;
      },
      kLong);
  ringer.join();
  EXPECT_TRUE(came);
  EXPECT_LE(asked, 4) << "once at first, once a ring";
}

TEST(WaitingBell, DoesNotAskWithoutARing) {
  WaitingBell bell;
  int asked = 0;
  const auto count = [&] { return ++asked == 3; };
  EXPECT_FALSE(bell.wait_until(count, kNotAtAll));
  EXPECT_EQ(asked, 1);
  bell.doorbell().ring();
  EXPECT_TRUE(bell.wait_until(count, kNotAtAll)) << "asked at once, and for the ring";
}

}  // namespace
}  // namespace penstock
