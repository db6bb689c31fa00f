#include "engine/flow/edge_ring.h"

#include <algorithm>
#include <atomic>
#include <random>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "engine/base/clock.h"
#include "engine/frame/frame_pool.h"

namespace penstock {
namespace {

/// Counts its rings. May be rung from any thread.
struct Bell {
  std::atomic<int> rings{0};

  Doorbell doorbell() {
    return {[](void* self) { static_cast<Bell*>(self)->rings.fetch_add(1); }, this};
  }
};

class EdgeRingTest : public ::testing::Test {
 protected:
  void make(std::uint32_t capacity, Overflow overflow = Overflow::kBlock) {
    auto made = EdgeRing::create({"a -> b", capacity, overflow});
    ASSERT_TRUE(made.has_value());
    ring_ = std::move(made).value();
    ring_->connect(producer_.doorbell(), consumer_.doorbell());
  }

  Frame frame(std::uint64_t seq) { return pool_->make({}, seq, {}); }

  EdgeRing::PushResult push(std::uint64_t seq) {
    Frame one = frame(seq);
    const auto result = ring_->push(one);
    if (one) {
      one.end(Outcome::kCancelled);
    }
    return result;
  }

  /// Takes one item: "7" for frame 7, "t3-5" for a tombstone, "e" for an end; "-" for nothing.
  std::string pop(bool done = true) {
    auto item = ring_->pop();
    if (!item.has_value()) {
      return "-";
    }
    if (auto* one = std::get_if<Frame>(&*item)) {
      const std::string text = std::to_string(one->seq());
      one->end(Outcome::kDelivered);
      if (done) {
        ring_->done();
      }
      return text;
    }
    const auto& record = std::get<ControlRecord>(*item);
    if (const auto* tombstone = std::get_if<Tombstone>(&record)) {
      return "t" + std::to_string(tombstone->first_seq) + "-" + std::to_string(tombstone->last_seq);
    }
    return std::holds_alternative<EndOfStream>(record) ? "e" : "c";
  }

  std::string pop_all() {
    std::string text;
    for (std::string one = pop(); one != "-"; one = pop()) {
      text += (text.empty() ? "" : " ") + one;
    }
    return text;
  }

  static Tombstone tombstone(std::uint64_t seq, std::uint32_t stream = 0) {
    return {StreamId{stream}, seq, seq, {}, Reason::kFiltered};
  }

  ManualClock clock_;
  std::shared_ptr<StreamLedger> books_ = std::make_shared<StreamLedger>();
  Ref<FramePool> pool_ = FramePool::create({StreamId{0}, "s", &clock_, books_});
  Bell producer_;
  Bell consumer_;
  std::unique_ptr<EdgeRing> ring_;
};

using Result = EdgeRing::PushResult;

TEST_F(EdgeRingTest, GivesFramesInTheOrderOfTheirPush) {
  make(4);
  push(0);
  push(1);
  push(2);
  EXPECT_EQ(pop_all(), "0 1 2");
}

TEST_F(EdgeRingTest, RefusesACapacityOf0AndAboveTheLimit) {
  EXPECT_EQ(EdgeRing::create({"e", 0, Overflow::kBlock}).error().code, Errc::kInvalidArgument);
  EXPECT_EQ(EdgeRing::create({"e", 4097, Overflow::kBlock}).error().code, Errc::kInvalidArgument);
  EXPECT_TRUE(EdgeRing::create({"e", 4096, Overflow::kBlock}).has_value());
}

TEST_F(EdgeRingTest, LeavesTheFrameWithTheProducerWhenItIsFull) {
  make(1);
  push(0);
  Frame second = frame(1);
  EXPECT_EQ(ring_->push(second), Result::kFull);
  EXPECT_TRUE(second);
  second.end(Outcome::kCancelled);
  EXPECT_EQ(ring_->stats().full, 1U);
}

TEST_F(EdgeRingTest, CountsAPoppedFrameUntilItIsDone) {
  make(2);
  push(0);
  push(1);
  EXPECT_EQ(pop(/*done=*/false), "0");
  EXPECT_EQ(push(2), Result::kFull);
  ring_->done();
  EXPECT_EQ(push(2), Result::kPushed);
  EXPECT_EQ(pop_all(), "1 2");
}

TEST_F(EdgeRingTest, RingsTheProducerOnceHalfOfTheCreditIsFree) {
  make(4);
  for (std::uint64_t i = 0; i < 5; ++i) {
    push(i);
  }
  pop();
  EXPECT_EQ(producer_.rings, 0);
  pop();
  EXPECT_EQ(producer_.rings, 1);
  pop();
  EXPECT_EQ(producer_.rings, 1);
}

TEST_F(EdgeRingTest, DoesNotRingAProducerThatHasNotMetAFullEdge) {
  make(2);
  push(0);
  push(1);
  pop_all();
  EXPECT_EQ(producer_.rings, 0);
}

TEST_F(EdgeRingTest, RingsAProducerThatAskedForRoom) {
  make(1);
  EXPECT_TRUE(ring_->has_room());
  push(0);
  EXPECT_FALSE(ring_->has_room());
  pop();
  EXPECT_EQ(producer_.rings, 1);
  EXPECT_TRUE(ring_->has_room());
}

TEST_F(EdgeRingTest, RingsTheConsumerWhenItStopsBeingEmpty) {
  make(4);
  push(0);
  push(1);
  EXPECT_EQ(consumer_.rings, 1);
  pop_all();
  push(2);
  EXPECT_EQ(consumer_.rings, 2);
  ring_->push_control(EndOfStream{});
  pop_all();
  ring_->push_control(EndOfStream{});
  EXPECT_EQ(consumer_.rings, 4);
}

TEST_F(EdgeRingTest, WrapsAroundManyTimesAtEachCapacity) {
  for (std::uint32_t capacity = 1; capacity <= 9; ++capacity) {
    make(capacity);
    std::uint64_t next = 0;
    std::uint64_t expected = 0;
    for (int round = 0; round < 50; ++round) {
      while (push(next) == Result::kPushed) {
        ++next;
      }
      EXPECT_EQ(next - expected, capacity);
      for (std::uint32_t i = 0; i <= capacity / 2; ++i) {
        EXPECT_EQ(pop(), std::to_string(expected++)) << "capacity " << capacity;
      }
    }
  }
  ring_.reset();
  EXPECT_EQ(books_->totals().lost, 0U);
}

TEST_F(EdgeRingTest, DropsTheOldestWaitingFrame) {
  make(2, Overflow::kDropOldest);
  push(0);
  push(1);
  EXPECT_EQ(push(2), Result::kDropped);
  EXPECT_EQ(pop_all(), "t0-0 1 2");
  EXPECT_EQ(books_->totals().by_reason[static_cast<std::size_t>(Reason::kQueueOldest)], 1U);
  const auto stats = ring_->stats();
  EXPECT_EQ(stats.pushed, 3U);
  EXPECT_EQ(stats.dropped, 1U);
  EXPECT_EQ(stats.popped, 2U);
  EXPECT_EQ(stats.high_water, 2U);
}

TEST_F(EdgeRingTest, DropsTheNewestFrame) {
  make(2, Overflow::kDropNewest);
  push(0);
  push(1);
  EXPECT_EQ(push(2), Result::kDropped);
  EXPECT_EQ(push(3), Result::kDropped);
  EXPECT_EQ(pop_all(), "0 1 t2-3");
  EXPECT_EQ(ring_->stats().popped, 2U);
}

TEST_F(EdgeRingTest, DoesNotCountTheFrameInTheConsumersHandsUnderDropPolicies) {
  make(1, Overflow::kDropOldest);
  push(0);
  EXPECT_EQ(pop(/*done=*/false), "0");
  EXPECT_EQ(push(1), Result::kPushed);
  EXPECT_EQ(push(2), Result::kDropped);
  EXPECT_EQ(pop_all(), "t1-1 2");
}

TEST_F(EdgeRingTest, NeverMakesADroppingProducerWait) {
  make(1, Overflow::kDropNewest);
  push(0);
  EXPECT_TRUE(ring_->has_room());
}

TEST_F(EdgeRingTest, KeepsControlRecordsAtTheirPlace) {
  make(4);
  ring_->push_control(tombstone(0));
  push(1);
  push(2);
  ring_->push_control(tombstone(3));
  push(4);
  ring_->push_control(EndOfStream{});
  EXPECT_EQ(pop_all(), "t0-0 1 2 t3-3 4 e");
}

TEST_F(EdgeRingTest, TakesControlRecordsWhenItIsFull) {
  make(1);
  push(0);
  ring_->push_control(EndOfStream{});
  EXPECT_EQ(pop_all(), "0 e");
}

TEST_F(EdgeRingTest, MergesAdjacentTombstonesOfAStream) {
  make(4);
  ring_->push_control(tombstone(0));
  ring_->push_control(tombstone(1));
  ring_->push_control(tombstone(3));
  EXPECT_EQ(pop_all(), "t0-1 t3-3");
}

TEST_F(EdgeRingTest, MergesTheTombstonesOfInterleavedStreams) {
  make(4);
  for (std::uint64_t seq = 0; seq < 100; ++seq) {
    ring_->push_control(tombstone(seq, 0));
    ring_->push_control(tombstone(seq, 1));
  }
  EXPECT_EQ(pop_all(), "t0-99 t0-99");
}

TEST_F(EdgeRingTest, DoesNotMergeTombstonesAcrossAFrameOrAnEnd) {
  make(4);
  ring_->push_control(tombstone(0));
  push(9);
  ring_->push_control(tombstone(1));
  ring_->push_control(EndOfStream{StreamId{7}});
  ring_->push_control(tombstone(2));
  EXPECT_EQ(pop_all(), "t0-0 9 t1-1 e t2-2");
}

TEST_F(EdgeRingTest, HoldsABoundedNumberOfRecordsWhileItsConsumerHangs) {
  make(2, Overflow::kDropOldest);
  for (std::uint64_t seq = 0; seq < 1000; ++seq) {
    push(seq);
  }
  // One record for all 998, at the place of the first; a hung consumer costs no memory.
  EXPECT_EQ(pop_all(), "t0-997 998 999");
}

TEST_F(EdgeRingTest, TellsOfADroppedFrameBeforeTheEndOfItsStream) {
  make(1, Overflow::kDropOldest);
  push(0);
  ring_->push_control(EndOfStream{});
  push(1);  // Of another stream, say: the edge is shared.
  EXPECT_EQ(pop_all(), "t0-0 e 1");
}

TEST_F(EdgeRingTest, CancelsTheFramesThatStillWaitWhenItGoes) {
  make(4);
  push(0);
  push(1);
  ring_.reset();
  EXPECT_EQ(books_->totals().cancelled, 2U);
  EXPECT_EQ(books_->totals().by_reason[static_cast<std::size_t>(Reason::kShutdown)], 2U);
}

/// A bell that a thread can wait for.
struct WaitableBell {
  std::atomic<std::uint32_t> rings{0};

  Doorbell doorbell() {
    return {[](void* self) {
              auto& count = static_cast<WaitableBell*>(self)->rings;
              count.fetch_add(1);
              count.notify_one();
            },
            this};
  }
};

/// One producer and one consumer that sleep whenever the contract says that they will be rung: a
/// lost wake-up hangs the test.
class EdgeRingStress : public ::testing::TestWithParam<std::tuple<Overflow, std::uint32_t>> {
 protected:
  static constexpr std::uint64_t kFrames = 20'000;

  void produce(std::uint64_t seed) {
    std::mt19937_64 random(seed);
    for (std::uint64_t seq = 0; seq < kFrames; ++seq) {
      if (random() % 16 == 0) {
        ring_->push_control(Tombstone{StreamId{0}, seq, seq, {}, Reason::kFiltered});
        continue;
      }
      Frame frame = pool_->make({}, seq, {});
      while (true) {
        const std::uint32_t seen = producer_.rings.load();
        if (ring_->push(frame) != EdgeRing::PushResult::kFull) {
          break;
        }
        producer_.rings.wait(seen);
      }
    }
    ring_->push_control(EndOfStream{});
  }

  void consume() {
    while (true) {
      const std::uint32_t seen = consumer_.rings.load();
      auto item = ring_->pop();
      if (!item.has_value()) {
        consumer_.rings.wait(seen);
        continue;
      }
      if (auto* frame = std::get_if<Frame>(&*item)) {
        see(frame->seq(), frame->seq());
        ordered_ = ordered_ && (frames_ == 0 || frame->seq() > last_);
        last_ = frame->seq();
        ++frames_;
        frame->end(Outcome::kDelivered);
        ring_->done();
      } else if (const auto* gone = std::get_if<Tombstone>(&std::get<ControlRecord>(*item))) {
        see(gone->first_seq, gone->last_seq);
        ordered_ = ordered_ && (frames_ == 0 || gone->first_seq > last_);
      } else {
        return;
      }
    }
  }

  void see(std::uint64_t first, std::uint64_t last) {
    for (std::uint64_t seq = first; seq <= last; ++seq) {
      ++seen_[seq];
    }
  }

  ManualClock clock_;
  std::shared_ptr<StreamLedger> books_ = std::make_shared<StreamLedger>();
  Ref<FramePool> pool_ = FramePool::create({StreamId{0}, "s", &clock_, books_});
  WaitableBell producer_;
  WaitableBell consumer_;
  std::unique_ptr<EdgeRing> ring_;
  std::vector<int> seen_ = std::vector<int>(kFrames, 0);
  std::uint64_t last_ = 0;
  std::uint64_t frames_ = 0;
  bool ordered_ = true;
};

TEST_P(EdgeRingStress, LosesNothingAndKeepsTheOrderBetweenTwoThreads) {
  const auto [overflow, capacity] = GetParam();
  auto made = EdgeRing::create({"stress", capacity, overflow});
  ASSERT_TRUE(made.has_value());
  ring_ = std::move(made).value();
  ring_->connect(producer_.doorbell(), consumer_.doorbell());
  std::thread producer([this] { produce(7); });
  consume();
  producer.join();
  EXPECT_TRUE(ordered_);
  EXPECT_TRUE(std::all_of(seen_.begin(), seen_.end(), [](int times) { return times == 1; }));
  EXPECT_EQ(books_->totals().delivered, frames_);
  EXPECT_EQ(books_->totals().delivered + books_->totals().dropped, books_->totals().admitted);
  EXPECT_EQ(books_->totals().lost, 0U);
  EXPECT_LE(ring_->stats().high_water, capacity);
}

INSTANTIATE_TEST_SUITE_P(Policies,
                         EdgeRingStress,
                         ::testing::Combine(::testing::Values(Overflow::kBlock,
                                                              Overflow::kDropOldest,
                                                              Overflow::kDropNewest),
                                            ::testing::Values(1U, 2U, 3U, 16U)));

}  // namespace
}  // namespace penstock
