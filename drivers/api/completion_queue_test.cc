#include "drivers/api/completion_queue.h"

#include <atomic>
#include <cstdint>
#include <memory>
#include <set>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "drivers/api/completion_core.h"

// The queue itself is tested through its core, where a test can play the driver; with real drivers
// it is tested by drivers/conformance.
namespace penstock::detail {
namespace {

/// Does what a driver does at the end of an inference.
void complete(CompletionSlot& slot, std::int32_t code = PENSTOCK_OK) {
  slot.completion.code = code;
  slot.completion.done(slot.completion.done_argument);
}

Doorbell counter(std::atomic<int>& count) {
  return {[](void* context) { static_cast<std::atomic<int>*>(context)->fetch_add(1); }, &count};
}

TEST(CompletionQueue, NeedsAtLeastOneSlotAndNotTooMany) {
  EXPECT_EQ(CompletionQueue::create(0, {}).error().code, Errc::kInvalidArgument);
  EXPECT_EQ(CompletionQueue::create(CompletionQueue::kMaxSlots + 1, {}).error().code,
            Errc::kInvalidArgument);
  EXPECT_EQ(CompletionQueue::create(3, {}).value().slots(), 3U);
}

TEST(CompletionCore, GivesCompletionsInTheOrderOfArrival) {
  CompletionCore core(3, {});
  std::vector<CompletionSlot*> slots = {core.reserve(), core.reserve(), core.reserve()};
  for (std::uint64_t i = 0; i < slots.size(); ++i) {
    core.begin(*slots[i], i);
  }
  complete(*slots[2]);
  complete(*slots[0]);
  EXPECT_EQ(core.take_ready(), slots[2]);
  complete(*slots[1]);
  EXPECT_EQ(core.take_ready(), slots[0]);
  EXPECT_EQ(core.take_ready(), slots[1]);
  EXPECT_EQ(core.take_ready(), nullptr);
}

TEST(CompletionCore, RingsOnlyWhenTheListWasEmpty) {
  std::atomic<int> rings{0};
  CompletionCore core(2, counter(rings));
  CompletionSlot* first = core.reserve();
  CompletionSlot* second = core.reserve();
  core.begin(*first, 1);
  core.begin(*second, 2);
  complete(*first);
  complete(*second);
  EXPECT_EQ(rings.load(), 1);
  EXPECT_NE(core.take_ready(), nullptr);
  core.retire(*first);
  core.begin(*first, 3);
  complete(*first);
  EXPECT_EQ(rings.load(), 2);
}

TEST(CompletionCore, IgnoresASecondCompletionOfTheSameSubmit) {
  std::atomic<int> rings{0};
  CompletionCore core(1, counter(rings));
  CompletionSlot* slot = core.reserve();
  core.begin(*slot, 1);
  complete(*slot);
  complete(*slot);
  EXPECT_EQ(core.take_ready(), slot);
  core.retire(*slot);
  complete(*slot);
  EXPECT_EQ(core.take_ready(), nullptr);
  EXPECT_EQ(rings.load(), 1);
}

TEST(CompletionCore, KeepsTheSlotOfARequestThatIsGoneUntilItIsPopped) {
  CompletionCore core(1, {});
  CompletionSlot* slot = core.reserve();
  core.begin(*slot, 8);
  complete(*slot);
  core.release(*slot);
  EXPECT_EQ(core.reserve(), nullptr);
  ASSERT_EQ(core.take_ready(), slot);
  EXPECT_EQ(slot->completion.token, 8U);
  core.retire(*slot);
  EXPECT_EQ(core.reserved(), 0U);
  EXPECT_EQ(core.reserve(), slot);
}

TEST(CompletionCore, GivesLeasesBackWhenTheCompletionIsPopped) {
  CompletionCore core(1, {});
  const Buffer buffer = Buffer::allocate(16);
  CompletionSlot* slot = core.reserve();
  slot->held.push_back(buffer);
  core.begin(*slot, 1);
  complete(*slot);
  EXPECT_FALSE(buffer.is_unique());
  core.retire(*core.take_ready());
  EXPECT_TRUE(buffer.is_unique());
}

TEST(CompletionCore, ReservesNothingOnceItIsClosed) {
  CompletionCore core(1, {});
  core.close();
  EXPECT_EQ(core.reserve(), nullptr);
}

TEST(CompletionCore, LosesNothingWhenManyThreadsComplete) {
  constexpr std::uint32_t kThreads = 4;
  constexpr std::uint64_t kRounds = 2000;
  CompletionCore core(kThreads, {});
  // Each thread has one slot and goes on when the owner has popped it.
  std::vector<std::thread> threads;
  for (std::uint64_t thread = 0; thread < kThreads; ++thread) {
    CompletionSlot* slot = core.reserve();
    threads.emplace_back([&core, slot, thread] {
      for (std::uint64_t round = 0; round < kRounds; ++round) {
        while (slot->state.load() != SlotState::kIdle) {
          std::this_thread::yield();
        }
        core.begin(*slot, thread * kRounds + round);
        complete(*slot);
      }
    });
  }
  std::set<std::uint64_t> tokens;
  while (tokens.size() < kThreads * kRounds) {
    CompletionSlot* slot = core.take_ready();
    if (slot == nullptr) {
      std::this_thread::yield();
      continue;
    }
    EXPECT_TRUE(tokens.insert(slot->completion.token).second);
    core.retire(*slot);
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(core.take_ready(), nullptr);
}

TEST(CompletionCore, DoesNotRingAfterCloseHasReturned) {
  for (int round = 0; round < 200; ++round) {
    auto is_open = std::make_unique<std::atomic<bool>>(true);
    CompletionCore core(
        1,
        Doorbell([](void* open) { EXPECT_TRUE(static_cast<std::atomic<bool>*>(open)->load()); },
                 is_open.get()));
    CompletionSlot* slot = core.reserve();
    core.begin(*slot, 1);
    std::thread driver([slot] { complete(*slot); });
    core.close();
    is_open->store(false);
    driver.join();
  }
}

}  // namespace
}  // namespace penstock::detail
