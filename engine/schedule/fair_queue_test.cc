#include "engine/schedule/fair_queue.h"

#include <map>

#include <gtest/gtest.h>

namespace penstock {
namespace {

/// Two clients with a flow each.
class FairQueueTest : public ::testing::Test {
 protected:
  FairQueueTest() {
    for (std::uint32_t i = 0; i < 2; ++i) {
      clients_[i].number = i;
      clients_[i].rank = 1;
      flows_[i].client = &clients_[i];
      flows_[i].number = i;
    }
  }

  /// Serves the top `count` times for `cost` each; returns how often each flow was.
  std::map<std::uint32_t, int> serve(int count, const double (&weights)[2]) {
    std::map<std::uint32_t, int> served;
    for (int i = 0; i < count; ++i) {
      FairFlow& flow = *queue_.top();
      ++served[flow.number];
      queue_.retag(*flow.client, flow.client->tag + 1 / weights[flow.number]);
    }
    return served;
  }

  FairQueue queue_;
  FairClient clients_[2];
  FairFlow flows_[2];
};

TEST_F(FairQueueTest, ServesByWeight) {
  queue_.insert(flows_[0], 0, false);
  queue_.insert(flows_[1], 0, false);
  auto served = serve(400, {1, 3});
  EXPECT_NEAR(served[0], 100, 1);
  EXPECT_NEAR(served[1], 300, 1);
}

TEST_F(FairQueueTest, HigherClassGoesFirst) {
  clients_[1].rank = 2;
  queue_.insert(flows_[0], 0, false);
  queue_.insert(flows_[1], 0, false);
  EXPECT_EQ(serve(50, {1, 1})[1], 50);
}

TEST_F(FairQueueTest, NewcomerStartsAtTheCurrentMinimum) {
  queue_.insert(flows_[0], 0, false);
  serve(1000, {1, 1});
  queue_.insert(flows_[1], 1000, false);
  EXPECT_EQ(clients_[1].tag, 1000);
  EXPECT_NEAR(serve(100, {1, 1})[0], 50, 1);
}

TEST_F(FairQueueTest, OneServedElsewhereKeepsItsTag) {
  clients_[1].tag = 5;
  queue_.insert(flows_[1], 1000, true);
  EXPECT_EQ(clients_[1].tag, 5);
}

TEST_F(FairQueueTest, IsEmptyWhenAllHaveLeft) {
  EXPECT_EQ(queue_.top(), nullptr);
  queue_.insert(flows_[0], 0, false);
  queue_.insert(flows_[1], 0, false);
  queue_.remove(flows_[0]);
  EXPECT_EQ(queue_.top(), &flows_[1]);
  queue_.remove(flows_[1]);
  queue_.remove(flows_[1]);
  EXPECT_TRUE(queue_.empty());
}

TEST_F(FairQueueTest, KnowsTheWeightOfThoseThatAreIn) {
  queue_.reweigh(clients_[1], 3);
  queue_.insert(flows_[0], 0, false);
  queue_.insert(flows_[1], 0, false);
  EXPECT_EQ(queue_.weight_of(clients_[0].rank), 4);
  queue_.reweigh(clients_[0], 2);
  EXPECT_EQ(queue_.weight_of(clients_[0].rank), 5);
  queue_.remove(flows_[1]);
  queue_.remove(flows_[1]);
  EXPECT_EQ(queue_.weight_of(clients_[0].rank), 2);
  queue_.remove(flows_[0]);
  EXPECT_EQ(queue_.weight_of(clients_[0].rank), 0);
}

}  // namespace
}  // namespace penstock
