/// Requests that have frames of several flows, as the batches do that a client has made of its
/// streams: one request to the device, each flow's own to everything that counts.
#include <algorithm>
#include <cstdint>
#include <vector>

#include <gtest/gtest.h>

#include "engine/schedule/testing/small_world.h"

namespace penstock {
namespace {

using testing::SmallWorld;
using namespace std::chrono_literals;

constexpr auto kAccepted = Admission::Verdict::kAccepted;
constexpr auto kRefused = Admission::Verdict::kRefused;

/// Client 1 with flows 1, 2 and 3 for package 0 on one device, one batch at a time.
class JointWorld : public SmallWorld {
 public:
  explicit JointWorld(const FlowKnobs& knobs = roomy()) : SmallWorld(1), first_(join(1, 0, knobs)) {
    add(2);
    add(3);
  }

  static FlowKnobs roomy() {
    FlowKnobs knobs;
    knobs.ifmap_queue_size = 10'000;
    knobs.max_wait = FlowKnobs::kOff;
    return knobs;
  }

  /// Opens a flow like the first one.
  void add(std::uint32_t number, double weight = 1, PriorityClass priority = {}) {
    OpenFlow event = first_;
    event.flow = FlowNumber{number};
    event.knobs.weight = weight;
    if (priority != PriorityClass{}) {
      event.priority = priority;
    }
    open(event);
  }

  /// Returns the numbers of the requests that started, in order.
  [[nodiscard]] std::vector<std::uint64_t> order() const {
    std::vector<std::uint64_t> numbers;
    for (const Started& one : started()) {
      for (const RequestNumber request : one.requests) {
        numbers.push_back(request.value);
      }
    }
    return numbers;
  }

  /// One frame of the third flow takes the device; what comes now waits.
  void make_busy() {
    submit_many(3, 1);
    run_for(kSwap + 1ms);
  }

  [[nodiscard]] std::uint64_t done(std::uint32_t number) const {
    return flow(FlowNumber{number}).done_frames;
  }

  /// Nothing went wrong on the way, and nothing is left.
  void expect_clean() {
    EXPECT_TRUE(run_to_rest());
    check_flows();
    EXPECT_TRUE(violations().empty()) << violations().front();
    EXPECT_EQ(scheduler().requests_held(), 0U);
  }

 private:
  OpenFlow first_;
};

FlowPart part(std::uint32_t flow, std::uint32_t frames = 1) {
  return {FlowNumber{flow}, frames};
}

TEST(ScheduleJoint, StartsWhenItIsTheOldestOfAllItsFlows) {
  JointWorld world;
  // A higher class does not let the fourth flow's part overtake what the first one has before.
  world.add(4, 1, PriorityClass::kHigh);
  world.submit_many(1, 3);
  EXPECT_EQ(world.submit_joint({part(4), part(1)}).verdict, kAccepted);
  world.submit_many(4, 1);
  world.submit_many(1, 1);
  world.submit_many(4, 1);
  world.expect_clean();
  const std::vector<std::uint64_t> order = world.order();
  ASSERT_EQ(order.size(), 7U);
  EXPECT_EQ(std::vector<std::uint64_t>(order.begin(), order.begin() + 5),
            (std::vector<std::uint64_t>{1, 2, 3, 4, 5}));
  EXPECT_EQ(world.done(1), 5U);
  EXPECT_EQ(world.done(4), 3U);
}

TEST(ScheduleJoint, RunsInTheHighestClassOfItsFlows) {
  JointWorld world;
  world.add(4, 1, PriorityClass::kHigh);
  world.make_busy();
  world.submit_many(2, 3);
  world.submit_joint({part(1), part(4)});
  world.expect_clean();
  EXPECT_EQ(world.order(), (std::vector<std::uint64_t>{1, 5, 2, 3, 4}));
}

TEST(ScheduleJoint, RunsInTheHighestClassOfItsFlowsAsSoonAsItIsTheOldest) {
  JointWorld world;
  world.add(4, 1, PriorityClass::kHigh);
  world.make_busy();
  world.submit_many(1, 1);
  world.submit_joint({part(1), part(4)});
  world.submit_many(2, 4);
  world.expect_clean();
  const std::vector<std::uint64_t> order = world.order();
  const auto held_up = std::find(order.begin(), order.end(), 2U);
  ASSERT_NE(held_up, order.end());
  EXPECT_EQ(*(held_up + 1), 3U);
}

TEST(ScheduleJoint, ChargesEachFlowForItsOwnFrames) {
  JointWorld world;
  for (int i = 0; i < 300; ++i) {
    world.submit_joint({part(1), part(2, 3)});
    world.submit_many(3, 1);
  }
  world.run_for(5s);
  // The first and the third get the same; what the second takes is its own account.
  EXPECT_NEAR(static_cast<double>(world.done(1)), static_cast<double>(world.done(3)), 2);
  EXPECT_EQ(world.done(2), 3 * world.done(1));
  EXPECT_GT(world.done(1), 90U);
  world.expect_clean();
}

TEST(ScheduleJoint, ChargesItsClientForAllFrames) {
  JointWorld world;
  FlowKnobs knobs = JointWorld::roomy();
  world.join(4, 0, knobs);
  for (int i = 0; i < 300; ++i) {
    world.submit_joint({part(1), part(2, 2), part(3)});
    world.submit_many(4, 1);
  }
  world.run_for(4s);
  const std::uint64_t joint = world.done(1) + world.done(2) + world.done(3);
  EXPECT_NEAR(static_cast<double>(joint), static_cast<double>(world.done(4)), 8);
  EXPECT_GT(joint, 180U);
  world.expect_clean();
}

TEST(ScheduleJoint, CountsTimesForEachFlowByItsFrames) {
  JointWorld world;
  world.make_busy();
  world.submit_joint({part(1), part(2, 2)});
  world.expect_clean();
  const SchedulerSnapshot snapshot = world.scheduler().snapshot(world.now());
  ASSERT_EQ(snapshot.times.size(), 3U);
  EXPECT_EQ(snapshot.times[0].flow.value, 1U);
  EXPECT_EQ(snapshot.times[0].run.count(), 1U);
  EXPECT_EQ(snapshot.times[1].flow.value, 2U);
  EXPECT_EQ(snapshot.times[1].run.count(), 2U);
  EXPECT_EQ(snapshot.times[1].run.longest(), 3 * SmallWorld::kService);
  EXPECT_EQ(snapshot.times[1].queue.longest(), SmallWorld::kService - 1ms);
  EXPECT_EQ(snapshot.times[2].run.longest(), SmallWorld::kService) << "each flow has its own";
}

TEST(ScheduleJoint, IsRefusedIfItsFlowsCannotGoTogether) {
  JointWorld world;
  world.add_package(1);
  world.join(7, 0);
  OpenFlow other = world.join(8, 1);
  other.flow = FlowNumber{9};
  other.client = ClientNumber{1};
  world.open(other);
  other.flow = FlowNumber{10};
  other.package = PackageNumber{0};
  other.failover = true;
  world.open(other);
  EXPECT_EQ(world.submit_joint({part(1), part(7)}).verdict, kRefused) << "another client's";
  EXPECT_EQ(world.submit_joint({part(1), part(9)}).verdict, kRefused) << "of another package";
  EXPECT_EQ(world.submit_joint({part(1), part(10)}).verdict, kRefused) << "placed otherwise";
  EXPECT_EQ(world.submit_joint({part(1), part(1)}).verdict, kRefused) << "named twice";
  EXPECT_EQ(world.submit_joint({part(1), part(2), part(2)}).verdict, kRefused) << "named twice";
  EXPECT_EQ(world.submit_joint({part(1), part(2, 0)}).verdict, kRefused) << "nothing of it";
  EXPECT_EQ(world.submit_joint({part(1, 9'999), part(2, 2)}).verdict, kRefused) << "too many";
  EXPECT_EQ(world.scheduler().requests_held(), 0U);
  EXPECT_EQ(world.submit_joint({part(1), part(2), part(3)}).verdict, kAccepted);
  world.expect_clean();
}

TEST(ScheduleJoint, CountsAllItsFramesInTheQueue) {
  FlowKnobs knobs;
  knobs.ifmap_queue_size = 6;
  knobs.when_full = WhenFull::kDropOldest;
  JointWorld world(knobs);
  world.make_busy();
  world.submit_joint({part(1), part(2, 2)});
  world.submit_many(1, 1);
  EXPECT_EQ(world.submit(FlowNumber{1}, 2).verdict, kAccepted) << "the oldest goes as a whole";
  EXPECT_EQ(world.finished(FinishReason::kDropped), 1U);
  EXPECT_EQ(world.submit(FlowNumber{2}, 3).verdict, Admission::Verdict::kDropped)
      << "the second has nothing left that could make room";
  world.expect_clean();
  EXPECT_EQ(world.done(1), 3U);
  EXPECT_EQ(world.done(2), 0U);
}

TEST(ScheduleJoint, GoesOnForTheOthersWhenOneFlowIsClosedWhileItWaits) {
  JointWorld world;
  world.make_busy();
  world.submit_many(1, 1);
  world.submit_joint({part(1), part(2)});
  world.submit_many(2, 1);
  world.close(FlowNumber{1});
  EXPECT_EQ(world.scheduler().requests_held(), 3U);
  world.expect_clean();
  EXPECT_EQ(world.order(), (std::vector<std::uint64_t>{1, 3, 4}));
  EXPECT_EQ(world.count(1, FinishReason::kCancelled), 1U) << "what was of it alone";
  EXPECT_EQ(world.count(1, FinishReason::kDone), 1U) << "led by it, wanted by another";
  const SchedulerSnapshot snapshot = world.scheduler().snapshot(world.now());
  ASSERT_EQ(snapshot.times.size(), 2U);
  EXPECT_EQ(snapshot.times[0].flow.value, 2U);
  EXPECT_EQ(snapshot.times[0].run.count(), 2U);
}

TEST(ScheduleJoint, GoesOnForTheOthersWhenOneFlowIsClosedWhileItRuns) {
  JointWorld world;
  world.submit_joint({part(1), part(2)});
  world.run_for(SmallWorld::kSwap + 1ms);
  world.close(FlowNumber{1});
  // Its number may be somebody else's at once, who has nothing of what still runs.
  world.add(1);
  const SchedulerSnapshot before = world.scheduler().snapshot(world.now());
  EXPECT_EQ(before.flows[0].running, 0U);
  EXPECT_EQ(before.flows[1].running, 1U);
  EXPECT_TRUE(world.run_to_rest());
  EXPECT_EQ(world.count(1, FinishReason::kDone), 1U);
  const SchedulerSnapshot after = world.scheduler().snapshot(world.now());
  ASSERT_EQ(after.times.size(), 1U);
  EXPECT_EQ(after.times[0].flow.value, 2U);
  EXPECT_EQ(after.requests_held, 0U);
}

TEST(ScheduleJoint, StartsOnceTheFlowIsClosedThatHeldItUp) {
  JointWorld world;
  world.add(4, 1, PriorityClass::kHigh);
  world.make_busy();
  world.submit_many(2, 1);
  world.submit_many(1, 1);
  world.submit_joint({part(2), part(1)});
  world.submit_joint({part(4), part(1)});
  world.close(FlowNumber{1});
  world.expect_clean();
  EXPECT_EQ(world.order(), (std::vector<std::uint64_t>{1, 5, 2, 4}));
}

TEST(ScheduleJoint, EndsWhenTheLastOfItsFlowsIsClosed) {
  JointWorld world;
  world.submit_joint({part(1), part(2)});
  world.submit_joint({part(1), part(2)});
  world.run_for(25ms);  // The first one runs.
  world.close(FlowNumber{2});
  EXPECT_EQ(world.scheduler().requests_held(), 2U);
  world.close(FlowNumber{1});
  EXPECT_EQ(world.scheduler().requests_held(), 1U) << "what runs ends with its batch";
  world.expect_clean();
  EXPECT_EQ(world.finished(FinishReason::kCancelled), 2U);
}

TEST(ScheduleJoint, EndsWithItsClient) {
  JointWorld world;
  world.submit_joint({part(1), part(2)});
  world.submit_joint({part(2), part(3)});
  world.run_for(25ms);
  world.close(FlowNumber{1});
  world.remove_client(ClientNumber{1});
  world.expect_clean();
  EXPECT_EQ(world.finished(FinishReason::kClientGone), 2U);
  EXPECT_TRUE(world.scheduler().snapshot(world.now()).flows.empty());
}

TEST(ScheduleJoint, IsCancelledAsAWhole) {
  JointWorld world;
  world.make_busy();
  world.submit_joint({part(1), part(2)});
  world.submit_many(2, 1);
  world.apply(CancelRequest{RequestNumber{2}});
  EXPECT_EQ(world.finished(FinishReason::kCancelled), 1U);
  world.expect_clean();
  EXPECT_EQ(world.order(), (std::vector<std::uint64_t>{1, 3}));
}

TEST(ScheduleJoint, RunsAgainBeforeTheLaterOnesOfEachFlow) {
  JointWorld world;
  world.submit_joint({part(1), part(2)});
  world.submit_joint({part(2), part(3)});
  world.submit_many(1, 1);
  world.submit_many(2, 1);
  world.at(world.now() + 25ms, [&] { world.lose(DeviceNumber{0}); });
  world.at(world.now() + 26ms, [&] { world.close(FlowNumber{2}); });
  world.expect_clean();
  // The world reports what overtakes in a flow.
  EXPECT_EQ(world.order().size(), 4U);
  EXPECT_EQ(world.order()[1], 1U) << "it was lost, and both of its flows wait for it";
  EXPECT_EQ(world.finished(FinishReason::kDone), 3U);
  EXPECT_EQ(world.finished(FinishReason::kCancelled), 1U);
}

TEST(ScheduleJoint, CountsInTheShareThatAFlowMayHaveOfABatch) {
  SmallWorld world(0);
  BatchKnobs batch;
  batch.preferred_frames = 4;
  batch.frames_per_flow = 2;
  batch.wait = 5ms;
  world.add_package(0, 1, 1, batch);
  OpenFlow event = world.join(1, 0);
  event.flow = FlowNumber{2};
  world.open(event);
  event.flow = FlowNumber{3};
  world.open(event);
  world.submit_joint({part(1), part(2)});
  world.submit_joint({part(2), part(1)});
  world.submit_joint({part(1)});
  world.submit_joint({part(3)});
  EXPECT_TRUE(world.run_to_rest());
  EXPECT_TRUE(world.violations().empty()) << world.violations().front();
  ASSERT_EQ(world.started().size(), 2U);
  EXPECT_EQ(world.started()[0].requests.size(), 2U);
  EXPECT_EQ(world.finished(FinishReason::kDone), 4U);
}

TEST(ScheduleJoint, ADeadlineThatPassedBehindTheHeadsEndsItsRequestAtOnce) {
  JointWorld world;
  world.submit_many(1, 2);
  world.submit_many(2, 2);
  // Shorter than what stands before it has in both flows.
  world.submit_joint({part(1), part(2)}, 25ms);
  EXPECT_TRUE(world.run_to_rest());
  // The world reports a scheduler that asks to be asked again at once.
  EXPECT_TRUE(world.violations().empty()) << world.violations().front();
  EXPECT_EQ(world.finished(FinishReason::kExpired), 1U);
  EXPECT_EQ(world.finished(FinishReason::kDone), 4U);
}

}  // namespace
}  // namespace penstock
