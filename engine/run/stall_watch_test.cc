#include "engine/run/stall_watch.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "engine/frame/frame_pool.h"

namespace penstock {
namespace {

using std::chrono::seconds;

class StallWatchTest : public ::testing::Test {
 protected:
  void make(Overflow overflow) {
    EdgeRing::Options options;
    options.name = "detect -> overlay";
    options.capacity = 2;
    options.overflow = overflow;
    edge_ = std::move(EdgeRing::create(std::move(options))).value();
    watch_ = std::make_unique<StallWatch>(
        std::vector<StallWatch::Watched>{{edge_.get(), "overlay"}}, seconds(5));
  }

  StallWatchTest() { make(Overflow::kBlock); }

  void push() {
    Frame frame = pool_->make(Place(), seq_++, {});
    edge_->push(frame);
  }

  void pop() {
    while (auto item = edge_->pop()) {
      if (auto* frame = std::get_if<Frame>(&*item)) {
        frame->end(Outcome::kDelivered);
        edge_->done();
        return;
      }
    }
  }

  std::vector<StallWatch::Report> at(int second) {
    return watch_->sample(TimePoint(seconds(1000 + second)));
  }

  ManualClock clock_;
  std::shared_ptr<StreamLedger> ledger_ = std::make_shared<StreamLedger>();
  Ref<FramePool> pool_ = FramePool::create({StreamId{0}, "s", &clock_, ledger_});
  std::uint64_t seq_ = 0;
  std::unique_ptr<EdgeRing> edge_;
  std::unique_ptr<StallWatch> watch_;
};

TEST_F(StallWatchTest, SaysNothingOfAnEmptyEdge) {
  for (int second = 0; second < 20; ++second) {
    EXPECT_TRUE(at(second).empty());
  }
}

TEST_F(StallWatchTest, SaysNothingWhileTheConsumerTakes) {
  push();
  for (int second = 0; second < 20; ++second) {
    push();
    EXPECT_TRUE(at(second).empty());
    pop();
  }
}

TEST_F(StallWatchTest, ReportsAStallOnceWithEdgeConsumerAndAge) {
  push();
  push();
  EXPECT_TRUE(at(0).empty());
  EXPECT_TRUE(at(4).empty());
  const auto reports = at(5);
  ASSERT_EQ(reports.size(), 1U);
  EXPECT_EQ(reports[0].edge, "detect -> overlay");
  EXPECT_EQ(reports[0].consumer, "overlay");
  EXPECT_EQ(reports[0].waiting, 2U);
  EXPECT_EQ(reports[0].age, seconds(5));
  EXPECT_FALSE(reports[0].over);
  EXPECT_TRUE(at(60).empty());
}

TEST_F(StallWatchTest, ReportsTheEndOfAStallOnceAndTheNextStallAnew) {
  push();
  push();
  EXPECT_TRUE(at(0).empty());
  EXPECT_EQ(at(5).size(), 1U);
  pop();
  const auto over = at(8);
  ASSERT_EQ(over.size(), 1U);
  EXPECT_TRUE(over[0].over);
  EXPECT_TRUE(at(9).empty());
  EXPECT_EQ(at(13).size(), 1U);
}

TEST_F(StallWatchTest, CountsTheTimeFromTheFrameThatWaitsNotFromBefore) {
  EXPECT_TRUE(at(0).empty());
  EXPECT_TRUE(at(100).empty());
  push();
  EXPECT_TRUE(at(101).empty());
  EXPECT_TRUE(at(104).empty());
  EXPECT_EQ(at(105).size(), 1U);
}

TEST_F(StallWatchTest, SeesAStallBehindADroppingEdge) {
  make(Overflow::kDropOldest);
  for (int second = 0; second < 5; ++second) {
    push();
    push();
    push();
    EXPECT_TRUE(at(second).empty()) << second;
  }
  push();
  EXPECT_EQ(at(5).size(), 1U);
}

}  // namespace
}  // namespace penstock
