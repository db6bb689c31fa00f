#include "tools/status/status_sampler.h"

#include <gtest/gtest.h>

namespace penstock {
namespace {

TimePoint at(double seconds) {
  return TimePoint(std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds)));
}

/// A run with one of each, after `count` frames, of which `waiting` are still in the queue.
RunStatus run_after(std::uint64_t count, std::uint64_t waiting = 0) {
  RunStatus run;
  run.streams.resize(1);
  run.streams[0].totals.delivered = count;
  run.nodes.resize(1);
  run.nodes[0].processed = 2 * count;
  run.devices.resize(1);
  run.devices[0].frames = 3 * count;
  run.edges.resize(1);
  run.edges[0].stats.pushed = count + waiting;
  run.edges[0].stats.waiting = waiting;
  return run;
}

TEST(StatusSampler, GivesRatesOverTheLastSeconds) {
  StatusSampler sampler;
  sampler.look(run_after(0), at(0));
  sampler.look(run_after(1000), at(10));
  const auto rates = sampler.rates(run_after(1050), at(12));
  EXPECT_DOUBLE_EQ(rates.stream_fps.at(0), 25);
  EXPECT_DOUBLE_EQ(rates.node_fps.at(0), 50);
  EXPECT_DOUBLE_EQ(rates.device_fps.at(0), 75);
}

TEST(StatusSampler, HasNoRatesAtFirst) {
  const StatusSampler sampler;
  EXPECT_DOUBLE_EQ(sampler.rates(run_after(7), at(1)).stream_fps.at(0), 0);
}

TEST(StatusSampler, KnowsNoAgeOfAnEmptyQueue) {
  StatusSampler sampler;
  sampler.look(run_after(5), at(0));
  EXPECT_EQ(sampler.rates(run_after(5), at(9)).queue_oldest_ns.at(0), 0);
}

TEST(StatusSampler, SeesHowLongAFrameHasStoodStill) {
  StatusSampler sampler;
  sampler.look(run_after(5, 0), at(0));
  for (int second = 1; second <= 30; ++second) {
    sampler.look(run_after(5, 3), at(second));
  }
  EXPECT_EQ(sampler.rates(run_after(5, 3), at(30)).queue_oldest_ns.at(0),
            Duration(std::chrono::seconds(29)).count());
}

TEST(StatusSampler, EstimatesAgesBelowItsPeriod) {
  StatusSampler sampler;
  sampler.look(run_after(0, 0), at(0));
  const auto rates = sampler.rates(run_after(50, 5), at(1));
  EXPECT_EQ(rates.queue_oldest_ns.at(0), Duration(std::chrono::milliseconds(100)).count())
      << "5 wait and 50 go a second";
}

TEST(StatusSampler, KeepsABoundedNumberOfLooks) {
  StatusSampler sampler;
  for (std::uint64_t second = 0; second < 10 * StatusSampler::kKept; ++second) {
    sampler.look(run_after(5, 3), at(static_cast<double>(second)));
  }
  const auto oldest = sampler.rates(run_after(5, 3), at(640)).queue_oldest_ns.at(0);
  EXPECT_EQ(oldest, Duration(std::chrono::seconds(StatusSampler::kKept)).count())
      << "what lies further back is forgotten";
}

}  // namespace
}  // namespace penstock
