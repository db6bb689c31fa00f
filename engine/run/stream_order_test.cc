#include "engine/run/stream_order.h"

#include <memory>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "engine/base/clock.h"
#include "engine/flow/inflight_window.h"
#include "engine/frame/frame_pool.h"

namespace penstock {
namespace {

constexpr StreamId kA{0};
constexpr StreamId kB{1};

class StreamOrderTest : public ::testing::Test {
 protected:
  Frame frame(StreamId stream, std::uint64_t seq) {
    auto& pool = pools_[static_cast<std::size_t>(stream)];
    if (!pool) {
      pool = FramePool::create({stream, "s", &clock_, ledger_});
    }
    return pool->make(Place(), seq, {});
  }

  /// "a0 a1 b:0-2 b.": frames, tombstones and ends that departed, in order.
  std::string departed() {
    std::string text;
    const auto add = [&](const std::string& one) { text += (text.empty() ? "" : " ") + one; };
    const auto name = [](StreamId stream) { return std::string(stream == kA ? "a" : "b"); };
    order_.depart(
        [&](Frame one) {
          add(name(one.stream()) + std::to_string(one.seq()));
          one.end(Outcome::kDelivered);
        },
        [&](const ControlRecord& record, StreamId stream) {
          if (const auto* t = std::get_if<Tombstone>(&record)) {
            add(name(stream) + ":" + std::to_string(t->first_seq));
          } else {
            add(name(stream) + ".");
          }
        });
    return text;
  }

  void drop(const StreamOrder::Ticket& ticket) {
    Frame& one = order_.at(ticket);
    const FrameId id = one.id();
    one.end(Outcome::kDropped, Reason::kDeadline);
    order_.settle(ticket, {id.stream, id.seq, id.seq, id.child, Reason::kDeadline});
  }

  ManualClock clock_;
  std::shared_ptr<StreamLedger> ledger_ = std::make_shared<StreamLedger>();
  Ref<FramePool> pools_[2];
  StreamOrder order_;
};

TEST_F(StreamOrderTest, HoldsAFrameUntilItIsSettled) {
  const auto ticket = order_.admit(frame(kA, 0));
  EXPECT_EQ(order_.size(), 1U);
  EXPECT_EQ(departed(), "");
  order_.settle(ticket);
  EXPECT_EQ(departed(), "a0");
  EXPECT_EQ(order_.size(), 0U);
}

TEST_F(StreamOrderTest, LetsNothingPassAnUnsettledFrameOfItsStream) {
  const auto first = order_.admit(frame(kA, 0));
  order_.settle(order_.admit(frame(kA, 1)));
  order_.settle(order_.admit(frame(kB, 0)));
  order_.admit(EndOfStream{kA}, kA);
  EXPECT_EQ(departed(), "b0");
  order_.settle(first);
  EXPECT_EQ(departed(), "a0 a1 a.");
}

TEST_F(StreamOrderTest, PutsATombstoneWhereTheFrameStood) {
  const auto first = order_.admit(frame(kA, 0));
  const auto second = order_.admit(frame(kA, 1));
  const auto third = order_.admit(frame(kA, 2));
  order_.settle(third);
  drop(second);
  order_.settle(first);
  EXPECT_EQ(departed(), "a0 a:1 a2");
  EXPECT_EQ(ledger_->totals().lost, 0U);
}

TEST_F(StreamOrderTest, KeepsTicketsValidWhileOthersLeave) {
  const auto first = order_.admit(frame(kA, 0));
  const auto second = order_.admit(frame(kA, 1));
  order_.settle(first);
  EXPECT_EQ(departed(), "a0");
  EXPECT_EQ(order_.at(second).seq(), 1U);
}

TEST_F(StreamOrderTest, EndsAllThatIsAbandoned) {
  order_.admit(frame(kA, 0));
  order_.settle(order_.admit(frame(kA, 1)));
  drop(order_.admit(frame(kB, 0)));
  order_.admit(EndOfStream{kB}, kB);
  order_.abandon(Outcome::kCancelled, Reason::kShutdown);
  EXPECT_EQ(order_.size(), 0U);
  EXPECT_EQ(departed(), "");
  EXPECT_EQ(ledger_->totals().cancelled, 2U);
  EXPECT_EQ(ledger_->totals().dropped, 1U);
  EXPECT_EQ(ledger_->totals().lost, 0U);
}

TEST_F(StreamOrderTest, KeepsTheOrderOfEachStreamWhateverIsSettledFirst) {
  std::mt19937_64 random(7);
  std::vector<StreamOrder::Ticket> open;
  std::uint64_t admitted[2] = {0, 0};
  std::uint64_t left[2] = {0, 0};
  for (int step = 0; step < 20'000; ++step) {
    if (open.size() < 16 && random() % 2 == 0) {
      const std::size_t stream = random() % 2;
      open.push_back(
          order_.admit(frame(StreamId{static_cast<std::uint32_t>(stream)}, admitted[stream]++)));
    } else if (!open.empty()) {
      std::swap(open[random() % open.size()], open.back());
      order_.settle(open.back());
      open.pop_back();
    }
    order_.depart(
        [&](Frame one) {
          EXPECT_EQ(one.seq(), left[static_cast<std::size_t>(one.stream())]++);
          one.end(Outcome::kDelivered);
        },
        [](const ControlRecord&, StreamId) {});
    EXPECT_GE(order_.size(), open.size());
  }
  order_.abandon(Outcome::kCancelled, Reason::kShutdown);
}

}  // namespace
}  // namespace penstock
