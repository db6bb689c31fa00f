#include "engine/schedule/request_table.h"

#include <array>
#include <cstdint>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace penstock {
namespace {

TEST(RequestTable, FindsWhatItHoldsThroughAnyComingAndGoing) {
  RequestTable table;
  std::mt19937_64 random(7);
  std::vector<std::uint64_t> held;
  std::uint64_t next = 1;
  for (int i = 0; i < 20'000; ++i) {
    if (held.empty() || random() % 2 == 0) {
      held.push_back(next += random() % 100 + 1);
      table.add(RequestNumber{held.back()});
    } else {
      const std::size_t at = random() % held.size();
      table.remove(table.find(RequestNumber{held[at]}));
      EXPECT_EQ(table.find(RequestNumber{held[at]}), kNoRequest);
      held.erase(held.begin() + static_cast<std::ptrdiff_t>(at));
    }
  }
  EXPECT_EQ(table.size(), held.size());
  for (const std::uint64_t number : held) {
    EXPECT_EQ(table.at(table.find(RequestNumber{number})).number.value, number);
  }
}

/// A table with two queues; what the parts are of does not matter to it.
class RequestQueues : public ::testing::Test {
 protected:
  /// Adds a request that has a frame in each of the `queues`.
  RequestSlot add(const std::vector<int>& queues) {
    const RequestSlot slot = table_.add(RequestNumber{next_});
    table_.at(slot).order = next_++;
    for (std::size_t i = 0; i < queues.size(); ++i) {
      table_.add_part(slot, nullptr, 1);
    }
    push(slot, queues);
    return slot;
  }

  void push(RequestSlot slot, const std::vector<int>& queues) {
    auto queue = queues.begin();
    for (RequestPart& part : table_.parts(slot)) {
      table_.push(queues_[static_cast<std::size_t>(*queue++)], part);
    }
  }

  void unlink(RequestSlot slot, const std::vector<int>& queues) {
    auto queue = queues.begin();
    for (RequestPart& part : table_.parts(slot)) {
      table_.unlink(queues_[static_cast<std::size_t>(*queue++)], part);
    }
  }

  /// Takes all out of the first queue and returns them.
  std::vector<RequestSlot> drain() {
    std::vector<RequestSlot> order;
    while (!queues_[0].empty()) {
      order.push_back(table_.head_of(queues_[0]));
      unlink(order.back(), {0});
    }
    return order;
  }

  RequestTable table_;
  std::array<RequestQueue, 2> queues_;
  std::uint64_t next_ = 1;
};

TEST_F(RequestQueues, KeepTheOrderOfAdmissionForThoseThatRunAgain) {
  std::vector<RequestSlot> slots;
  for (int i = 0; i < 5; ++i) {
    slots.push_back(add({0}));
  }
  for (const std::size_t i : {0U, 1U, 2U}) {
    unlink(slots[i], {0});
  }
  for (const std::size_t i : {1U, 2U, 0U}) {
    push(slots[i], {0});
  }
  EXPECT_EQ(queues_[0].frames, 5U);
  EXPECT_EQ(drain(), slots);
}

TEST_F(RequestQueues, KnowWhichRequestIsTheOldestInAllThatItStandsIn) {
  const RequestSlot one = add({0});
  const RequestSlot both = add({0, 1});
  const RequestSlot other = add({1});
  EXPECT_TRUE(table_.is_first(one));
  EXPECT_FALSE(table_.is_first(both)) << "it is the oldest of the second only";
  EXPECT_FALSE(table_.is_first(other));
  unlink(one, {0});
  EXPECT_TRUE(table_.is_first(both));
  push(one, {0});
  EXPECT_FALSE(table_.is_first(both)) << "the older one runs again";
  unlink(one, {0});
  unlink(both, {0, 1});
  EXPECT_TRUE(table_.is_first(other));
}

TEST_F(RequestQueues, CountFramesOfTheirFlowAndOfWholeRequests) {
  add({0, 1});
  const RequestSlot last = add({0});
  EXPECT_EQ(queues_[0].frames, 2U);
  EXPECT_EQ(queues_[0].request_frames, 3U);
  unlink(last, {0});
  EXPECT_EQ(queues_[0].request_frames, 2U);
}

}  // namespace
}  // namespace penstock
