/// The small parts: heap, budget of swaps, back-off, ring and its text, histogram.
#include <cmath>
#include <random>
#include <set>
#include <vector>

#include <gtest/gtest.h>

#include "engine/schedule/backoff.h"
#include "engine/schedule/decision_ring.h"
#include "engine/schedule/decision_text.h"
#include "engine/schedule/duration_histogram.h"
#include "engine/schedule/indexed_heap.h"
#include "engine/schedule/swap_budget.h"

namespace penstock {
namespace {

using namespace std::chrono_literals;

struct Thing {
  int key = 0;
  IndexedHeap<int, Thing>::Node node;
};

TEST(IndexedHeap, AgreesWithASortedSetThroughAnyChanges) {
  IndexedHeap<int, Thing> heap;
  std::vector<Thing> things(50);
  std::multiset<int> model;
  std::mt19937_64 random(3);
  for (int i = 0; i < 20'000; ++i) {
    Thing& thing = things[random() % things.size()];
    thing.node.owner = &thing;
    if (thing.node.is_in()) {
      model.erase(model.find(thing.key));
    }
    if (random() % 3 == 0) {
      heap.take(thing.node);
    } else {
      thing.key = static_cast<int>(random() % 1000);
      heap.put(thing.node, thing.key);
      model.insert(thing.key);
    }
    ASSERT_EQ(heap.size(), model.size());
    ASSERT_TRUE(model.empty() || heap.top().key == *model.begin());
  }
}

TEST(SwapBudget, DemandsAStayByTheCostOfTheSwap) {
  SwapBudget budget(0.2);
  const TimePoint end{10s};
  budget.note(0b01, end, 50ms);
  EXPECT_EQ(budget.allowed_at(0b01), end + 200ms);
  EXPECT_EQ(budget.allowed_at(0b10), TimePoint{});
  EXPECT_EQ(budget.allowed_at(0b11), end + 200ms);
}

TEST(SwapBudget, HoldsNothingBackWithAllOfTheTime) {
  EXPECT_EQ(SwapBudget(1).stay_after(50ms), 0s);
}

TEST(SwapBudget, StaysFiniteForAnyShareAndCost) {
  const Duration least = SwapBudget(SwapBudget::kLeastShare).stay_after(50ms);
  EXPECT_EQ(least, 999 * 50ms);
  for (const double share : {0.0, -1.0, 1e-9, std::nan("")}) {
    EXPECT_EQ(SwapBudget(share).stay_after(50ms), least) << share;
  }
  SwapBudget budget(SwapBudget::kLeastShare);
  const TimePoint end{1000s};
  budget.note(0b1, end, Duration::max());
  EXPECT_GT(budget.allowed_at(0b1), end) << "no overflow";
}

TEST(Backoff, DoublesToItsMostAndGivesUp) {
  Backoff backoff(1s, 3s, 4);
  const TimePoint now{10s};
  EXPECT_FALSE(backoff.is_waiting(now));
  EXPECT_FALSE(backoff.fail(now));
  EXPECT_EQ(backoff.retry_at(), now + 1s);
  EXPECT_FALSE(backoff.fail(now));
  EXPECT_EQ(backoff.retry_at(), now + 2s);
  EXPECT_FALSE(backoff.fail(now));
  EXPECT_EQ(backoff.retry_at(), now + 3s);
  EXPECT_TRUE(backoff.is_waiting(now));
  EXPECT_FALSE(backoff.is_waiting(now + 3s));
  EXPECT_TRUE(backoff.fail(now));
  backoff.forgive();
  EXPECT_FALSE(backoff.is_given_up());
}

Decision decision_of(DecisionKind kind, std::uint64_t number, std::uint32_t client = 0) {
  Decision decision;
  decision.kind = kind;
  decision.number = number;
  decision.client = ClientNumber{client};
  decision.count = 1;
  return decision;
}

TEST(DecisionRing, KeepsTheLastOldestFirst) {
  DecisionRing ring(6);
  for (std::uint64_t i = 0; i < 5; ++i) {
    ring.add(decision_of(DecisionKind::kSwapDone, i));
  }
  const auto kept = ring.list();
  ASSERT_EQ(kept.size(), 3U) << "the other half is for runs";
  EXPECT_EQ(kept.front().number, 2U);
  EXPECT_EQ(kept.back().number, 4U);
  EXPECT_EQ(ring.total(), 5U);
}

TEST(DecisionRing, CountsRunsOfOneClientAsOneUntilSomethingElseHappens) {
  DecisionRing ring(16);
  ring.add(decision_of(DecisionKind::kSwapDone, 1));
  for (std::uint64_t i = 0; i < 10; ++i) {
    ring.add(decision_of(DecisionKind::kRun, i, i % 2 == 0 ? 7 : 8));
  }
  ring.add(decision_of(DecisionKind::kSwapChosen, 2));
  ring.add(decision_of(DecisionKind::kRun, 10, 7));
  const auto kept = ring.list();
  ASSERT_EQ(kept.size(), 5U);
  EXPECT_EQ(kept[0].kind, DecisionKind::kSwapDone);
  EXPECT_EQ(kept[1].client, ClientNumber{7});
  EXPECT_EQ(kept[1].times, 5U);
  EXPECT_EQ(kept[1].count, 5U);
  EXPECT_EQ(kept[1].number, 8U) << "the last";
  EXPECT_EQ(kept[2].client, ClientNumber{8});
  EXPECT_EQ(kept[3].kind, DecisionKind::kSwapChosen);
  EXPECT_EQ(kept[4].times, 1U);
  EXPECT_EQ(ring.total(), 13U);
}

TEST(DecisionRing, KeepsWhatIsRareThroughAFloodOfRuns) {
  DecisionRing ring(64);
  ring.add(decision_of(DecisionKind::kDeviceFault, 1));
  for (std::uint32_t i = 0; i < 100'000; ++i) {
    ring.add(decision_of(DecisionKind::kRun, i, i % 1000));
  }
  const auto kept = ring.list();
  EXPECT_EQ(kept.size(), 33U);
  EXPECT_EQ(kept.front().kind, DecisionKind::kDeviceFault);
  EXPECT_EQ(kept.back().number, 99'999U);
}

TEST(DecisionRing, HoldsNoMoreThanItsCapacity) {
  DecisionRing ring(1);
  ring.add(decision_of(DecisionKind::kSwapDone, 1));
  ring.add(decision_of(DecisionKind::kRun, 2));
  ASSERT_EQ(ring.list().size(), 1U);
  EXPECT_EQ(ring.list()[0].number, 2U);
}

TEST(DecisionText, SaysWhoWhyAndWhatItCost) {
  const DecisionNames names{[](DeviceNumber) { return std::string("mx3:0"); },
                            [](PackageNumber one) { return one.value == 0 ? "yolo" : "ssd"; },
                            [](ClientNumber) { return std::string("gate"); },
                            [](std::uint32_t) { return std::string("pulled out"); }};
  Decision decision;
  decision.kind = DecisionKind::kSwapStarted;
  decision.reason = DecisionReason::kTurnOver;
  decision.other = PackageNumber{1};
  decision.count = 1;
  EXPECT_EQ(to_text(decision, names), "mx3:0: yolo comes in for ssd (turn over)");
  decision.kind = DecisionKind::kSwapDone;
  decision.cost = 31ms;
  EXPECT_EQ(to_text(decision, names), "mx3:0: yolo is in after 31 ms");
  decision.cost = 2500ms;
  EXPECT_EQ(to_text(decision, names), "mx3:0: yolo is in after 2.5 s");
  decision.kind = DecisionKind::kWaited;
  decision.reason = DecisionReason::kSwapShare;
  EXPECT_EQ(to_text(decision, names), "mx3:0: yolo waits for ssd (swap share)");
  decision.kind = DecisionKind::kRun;
  EXPECT_EQ(to_text(decision, names), "mx3:0: yolo runs 1 frame of gate");
  decision.count = 14;
  decision.times = 7;
  EXPECT_EQ(to_text(decision, names), "mx3:0: yolo runs 14 frames of gate in 7 batches");
}

TEST(DecisionText, SaysWhyADeviceIsFaulty) {
  const DecisionNames names{[](DeviceNumber) { return std::string("mx3:0"); },
                            [](PackageNumber) { return std::string(); },
                            [](ClientNumber) { return std::string(); },
                            [](std::uint32_t) { return std::string("pulled out"); }};
  Decision decision;
  decision.kind = DecisionKind::kDeviceFault;
  decision.reason = DecisionReason::kReported;
  EXPECT_EQ(to_text(decision, names), "mx3:0: fault: pulled out");
  decision.reason = DecisionReason::kJobOverdue;
  EXPECT_EQ(to_text(decision, names), "mx3:0: fault (a job does not end)");
}

TEST(DurationHistogram, QuantilesAreWithinThirteenPercent) {
  DurationHistogram histogram;
  EXPECT_EQ(histogram.quantile(0.5), Duration{0});
  for (int i = 1; i <= 10'000; ++i) {
    histogram.record(std::chrono::microseconds(i));
  }
  EXPECT_NEAR(static_cast<double>(histogram.quantile(0.5).count()), 5e6, 0.13 * 5e6);
  EXPECT_NEAR(static_cast<double>(histogram.quantile(0.99).count()), 9.9e6, 0.13 * 9.9e6);
  EXPECT_LE(histogram.quantile(1), 10ms) << "never above the longest";
  EXPECT_EQ(histogram.longest(), 10ms);
}

}  // namespace
}  // namespace penstock
