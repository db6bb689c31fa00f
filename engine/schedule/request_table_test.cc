#include "engine/schedule/request_table.h"

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

TEST(RequestTable, QueueKeepsTheOrderOfAdmissionForThoseThatRunAgain) {
  RequestTable table;
  RequestQueue queue;
  std::vector<RequestSlot> slots;
  for (std::uint64_t i = 0; i < 5; ++i) {
    slots.push_back(table.add(RequestNumber{i + 1}));
    table.at(slots[i]).order = i;
    table.push(queue, slots[i]);
  }
  for (const std::size_t i : {0U, 1U, 2U}) {
    table.unlink(queue, slots[i]);
  }
  for (const std::size_t i : {1U, 2U, 0U}) {
    table.push(queue, slots[i]);
  }
  std::vector<std::uint64_t> order;
  for (RequestSlot at = queue.head; at != kNoRequest; at = table.at(at).next) {
    order.push_back(table.at(at).order);
  }
  EXPECT_EQ(order, (std::vector<std::uint64_t>{0, 1, 2, 3, 4}));
  EXPECT_EQ(queue.frames, 5U);
}

}  // namespace
}  // namespace penstock
