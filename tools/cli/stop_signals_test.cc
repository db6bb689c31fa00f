#include "tools/cli/stop_signals.h"

#include <chrono>
#include <csignal>
#include <future>

#include <gtest/gtest.h>
#include <unistd.h>

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

TEST(SignalWatch, HearsASignalWhileTheMainThreadIsBusy) {
  const StopSignals signals;
  std::promise<void> heard;
  const SignalWatch watch(signals, [&] { heard.set_value(); });
  ASSERT_EQ(::kill(::getpid(), SIGTERM), 0);
  EXPECT_EQ(heard.get_future().wait_for(std::chrono::seconds(60)), std::future_status::ready);
}

TEST(SignalWatch, EndsTheProcessAtTheNextSignalThoughItHangsInTheFirst) {
  EXPECT_EXIT(
      {
        const StopSignals signals;
        std::promise<void> heard;
        std::promise<void> never;
        const SignalWatch watch(signals, [&] {
          signals.end_at_next(130);
          heard.set_value();
          never.get_future().wait();
        });
        ::kill(::getpid(), SIGTERM);
        heard.get_future().wait();
        ::kill(::getpid(), SIGINT);
        never.get_future().wait();
      },
      ::testing::ExitedWithCode(130),
      "");
}

TEST(SignalWatch, LeavesWhatComesAfterItsEndToWhoWaitsThen) {
  const StopSignals signals;
  bool heard = false;
  {
    const SignalWatch watch(signals, [&] { heard = true; });
  }
  ASSERT_EQ(::kill(::getpid(), SIGTERM), 0);
  EXPECT_TRUE(signals.wait_for(std::chrono::seconds(60)));
  EXPECT_FALSE(heard);
}

}  // namespace
}  // namespace penstock
