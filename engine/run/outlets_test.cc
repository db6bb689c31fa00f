#include "engine/run/outlets.h"

#include <memory>

#include <gtest/gtest.h>

#include "engine/base/clock.h"
#include "engine/frame/frame_pool.h"

namespace penstock {
namespace {

class OutletsTest : public ::testing::Test {
 protected:
  EdgeRing* edge(std::uint32_t capacity, Overflow overflow = Overflow::kBlock) {
    edges_.push_back(std::move(EdgeRing::create({"e", capacity, overflow})).value());
    return edges_.back().get();
  }

  Frame frame(std::uint64_t seq) { return pool_->make({}, seq, {}); }

  /// Takes all; "." stands for a record.
  static std::string drain(EdgeRing& edge) {
    std::string text;
    while (auto item = edge.pop()) {
      if (auto* one = std::get_if<Frame>(&*item)) {
        text += std::to_string(one->seq());
        one->end(Outcome::kDelivered);
        edge.done();
      } else {
        text += '.';
      }
    }
    return text;
  }

  ManualClock clock_;
  std::shared_ptr<StreamLedger> books_ = std::make_shared<StreamLedger>();
  Ref<FramePool> pool_ = FramePool::create({StreamId{0}, "s", &clock_, books_});
  std::vector<std::unique_ptr<EdgeRing>> edges_;
};

TEST_F(OutletsTest, SendsAFrameToEveryConsumerOfThePort) {
  EdgeRing* a = edge(4);
  EdgeRing* b = edge(4);
  EdgeRing* other_port = edge(4);
  Outlets out({{a, 0, {}}, {b, 0, {}}, {other_port, 1, {}}});
  out.send(frame(0), 0);
  out.send(frame(1), 1);
  EXPECT_EQ(drain(*a), "0");
  EXPECT_EQ(drain(*b), "0");
  EXPECT_EQ(drain(*other_port), "1");
}

TEST_F(OutletsTest, SendsAStreamOnlyWhereItIsWanted) {
  EdgeRing* mine = edge(4);
  EdgeRing* others = edge(4);
  Outlets out({{mine, 0, StreamId{0}}, {others, 0, StreamId{1}}});
  out.send(frame(0), 0);
  out.send_control(EndOfStream{StreamId{0}}, StreamId{0});
  EXPECT_EQ(drain(*mine), "0.");
  EXPECT_EQ(drain(*others), "");
}

TEST_F(OutletsTest, DeliversAFrameThatNobodyWants) {
  Outlets out({});
  out.send(frame(0), 0);
  EXPECT_EQ(books_->totals().delivered, 1U);
}

TEST_F(OutletsTest, KeepsWhatFindsNoRoomInOrderWithItsRecords) {
  EdgeRing* full = edge(1);
  EdgeRing* free = edge(8);
  Outlets out({{full, 0, {}}, {free, 0, {}}});
  out.send(frame(0), 0);
  out.send(frame(1), 0);
  out.send_control(EndOfStream{}, StreamId{0});
  EXPECT_FALSE(out.is_clear());
  EXPECT_EQ(drain(*free), "01.");  // A full edge holds nobody else up.
  EXPECT_EQ(drain(*full), "0");
  EXPECT_TRUE(out.flush());
  EXPECT_EQ(drain(*full), "1.");
  EXPECT_TRUE(out.is_clear());
}

TEST_F(OutletsTest, StaysBlockedUntilAllHasFoundRoom) {
  EdgeRing* full = edge(1);
  Outlets out({{full, 0, {}}});
  for (std::uint64_t seq = 0; seq < 3; ++seq) {
    out.send(frame(seq), 0);
  }
  EXPECT_FALSE(out.flush());
  EXPECT_EQ(drain(*full), "0");
  EXPECT_FALSE(out.flush());
  EXPECT_EQ(drain(*full), "1");
  EXPECT_TRUE(out.flush());
}

TEST_F(OutletsTest, AbandonsWhatWaitsWithoutItsEdges) {
  EdgeRing* full = edge(1);
  Outlets out({{full, 0, {}}});
  out.send(frame(0), 0);
  out.send(frame(1), 0);
  out.send_control(EndOfStream{}, StreamId{0});
  edges_.clear();
  out.abandon(Outcome::kCancelled, Reason::kShutdown);
  EXPECT_TRUE(out.is_clear());
  EXPECT_EQ(books_->totals().cancelled, 2U);
}

}  // namespace
}  // namespace penstock
