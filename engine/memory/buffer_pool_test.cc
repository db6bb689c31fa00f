#include "engine/memory/buffer_pool.h"

#include <cstdint>
#include <cstring>
#include <limits>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace penstock {
namespace {

BufferPool pool_of(std::size_t max_slots) {
  return std::move(BufferPool::create({"test", max_slots, 64, MemoryKind::kHost})).value();
}

TEST(BufferPool, LeasesABufferOfTheSizeAskedFor) {
  BufferPool pool = pool_of(2);
  auto buffer = pool.acquire(100);
  ASSERT_TRUE(buffer.has_value());
  EXPECT_EQ(buffer->size(), 100U);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(buffer->data()) % 64, 0U);
  std::memset(buffer->mutable_data(), 1, 100);
}

TEST(BufferPool, HandsOutTheLastOneReturnedFirst) {
  BufferPool pool = pool_of(3);
  auto a = pool.acquire(10);
  auto b = pool.acquire(10);
  const std::byte* last = a->data();
  b.reset();
  a.reset();
  EXPECT_EQ(pool.acquire(10)->data(), last);
}

TEST(BufferPool, AllocatesNothingInTheSteadyState) {
  BufferPool pool = pool_of(2);
  for (int i = 0; i < 10; ++i) {
    const auto a = pool.acquire(10);
    const auto b = pool.acquire(8);
    EXPECT_TRUE(a.has_value() && b.has_value());
  }
  EXPECT_EQ(pool.stats().allocated, 2U);
  EXPECT_EQ(pool.stats().acquired, 20U);
}

TEST(BufferPool, RefusesAndCountsWhenEverySlotIsLeased) {
  BufferPool pool = pool_of(1);
  const auto held = pool.acquire(10);
  EXPECT_FALSE(pool.acquire(10).has_value());
  EXPECT_EQ(pool.stats().exhausted, 1U);
  EXPECT_EQ(pool.stats().in_use, 1U);
}

TEST(BufferPool, CountsAGenerationALease) {
  BufferPool pool = pool_of(1);
  const BufferDescriptor first = pool.acquire(10)->descriptor();
  const BufferDescriptor second = pool.acquire(10)->descriptor();
  EXPECT_EQ(first.segment, second.segment);
  EXPECT_EQ(second.generation, first.generation + 1);
}

TEST(BufferPool, ReplacesItsSlotsWhenALargerSizeIsWanted) {
  BufferPool pool = pool_of(2);
  auto small = pool.acquire(10);
  {
    const auto large = pool.acquire(1000);
    ASSERT_TRUE(large.has_value());
    EXPECT_FALSE(pool.acquire(1000).has_value());  // The small one is still leased.
    small.reset();                                 // It is too small to be kept.
    EXPECT_EQ(pool.stats().slots, 1U);
    EXPECT_TRUE(pool.acquire(1000).has_value());
  }
  EXPECT_EQ(pool.stats().slot_bytes, 1000U);
  EXPECT_EQ(pool.stats().in_use, 0U);
}

TEST(BufferPool, SurvivesARequestThatNoMachineCanMeet) {
  BufferPool pool = pool_of(2);
  EXPECT_TRUE(pool.acquire(10).has_value());
  EXPECT_FALSE(pool.acquire(std::numeric_limits<std::size_t>::max()).has_value());
  EXPECT_FALSE(pool.acquire(std::numeric_limits<std::size_t>::max() / 4).has_value());
  EXPECT_TRUE(pool.acquire(10).has_value());
  EXPECT_EQ(pool.stats().slot_bytes, 10U);
}

TEST(BufferPool, MayGoBeforeItsLeases) {
  std::optional<Buffer> outlives;
  {
    BufferPool pool = pool_of(1);
    outlives = pool.acquire(16);
  }
  std::memset(outlives->mutable_data(), 7, 16);
  const Buffer copy = *outlives;
  outlives.reset();
  EXPECT_EQ(copy.data()[15], std::byte{7});
}

TEST(BufferPool, RefusesOptionsThatCannotWork) {
  const auto code = [](BufferPool::Options options) {
    return BufferPool::create(std::move(options)).error().code;
  };
  EXPECT_EQ(code({"p", 0, 64, MemoryKind::kHost}), Errc::kInvalidArgument);
  EXPECT_EQ(code({"p", 1, 48, MemoryKind::kHost}), Errc::kInvalidArgument);
  EXPECT_EQ(code({"p", 1, 0, MemoryKind::kHost}), Errc::kInvalidArgument);
  EXPECT_EQ(code({"p", 1, 64, MemoryKind::kDevice}), Errc::kUnsupported);
}

TEST(BufferPool, MovesWithItsSlots) {
  BufferPool a = pool_of(1);
  const auto held = a.acquire(8);
  BufferPool b = std::move(a);
  EXPECT_EQ(b.stats().in_use, 1U);
  b = pool_of(4);
  EXPECT_EQ(b.stats().in_use, 0U);
}

TEST(BufferPool, LeasesFromManyThreadsWithoutSharingASlot) {
  BufferPool pool = pool_of(4);
  std::atomic<bool> shared{false};
  const auto work = [&pool, &shared](std::uint8_t mark) {
    for (int i = 0; i < 2'000; ++i) {
      auto buffer = pool.acquire(64 + static_cast<std::size_t>(i / 500));
      if (!buffer.has_value()) {
        continue;
      }
      std::memset(buffer->mutable_data(), mark, buffer->size());
      const Buffer copy = *buffer;
      buffer.reset();
      for (std::size_t at = 0; at < copy.size(); ++at) {
        if (copy.data()[at] != std::byte{mark}) {
          shared = true;
        }
      }
    }
  };
  std::thread one(work, std::uint8_t{1});
  std::thread two(work, std::uint8_t{2});
  std::thread three(work, std::uint8_t{3});
  one.join();
  two.join();
  three.join();
  EXPECT_FALSE(shared);
  EXPECT_EQ(pool.stats().in_use, 0U);
  EXPECT_LE(pool.stats().slots, 4U);
}

}  // namespace
}  // namespace penstock
