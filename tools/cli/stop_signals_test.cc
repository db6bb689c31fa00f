#include "tools/cli/stop_signals.h"

#include <csignal>

#include <gtest/gtest.h>

namespace penstock {
namespace {

TEST(StopSignals, WaitsForEachWordThatMeansTheEnd) {
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
    const StopSignals signals;
    EXPECT_FALSE(signals.wait_for(Duration::zero())) << "nothing came yet";
    ASSERT_EQ(std::raise(number), 0);
    EXPECT_TRUE(signals.wait_for(Duration::zero())) << number;
  }
}

TEST(StopSignals, LeavesAHangupAloneThatNohupHasIgnored) {
  const auto before = std::signal(SIGHUP, SIG_IGN);
  {
    const StopSignals signals;
    ASSERT_EQ(std::raise(SIGHUP), 0);
    EXPECT_FALSE(signals.wait_for(Duration::zero()));
  }
  std::signal(SIGHUP, before);
}

}  // namespace
}  // namespace penstock
