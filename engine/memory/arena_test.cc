#include "engine/memory/arena.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace penstock {
namespace {

TEST(Arena, CopiesItemsThatLiveUntilTheReset) {
  Arena arena;
  std::span<const int> copy;
  {
    const std::array<int, 3> items = {1, 2, 3};
    copy = arena.copy(std::span<const int>(items));
  }
  EXPECT_EQ(copy[2], 3);
  EXPECT_TRUE(arena.copy(std::span<const int>()).empty());
}

TEST(Arena, AlignsEveryPiece) {
  Arena arena;
  for (const std::size_t bytes : {1U, 7U, 17U, 0U, 33U}) {
    const auto address = reinterpret_cast<std::uintptr_t>(arena.allocate(bytes));
    EXPECT_EQ(address % alignof(std::max_align_t), 0U);
  }
}

TEST(Arena, GivesAPieceThatIsLargerThanAChunk) {
  Arena arena;
  arena.allocate(16);
  std::memset(arena.allocate(10 * Arena::kFirstChunkBytes), 1, 10 * Arena::kFirstChunkBytes);
  EXPECT_GE(arena.capacity_bytes(), 11 * Arena::kFirstChunkBytes);
}

TEST(Arena, KeepsOneChunkThatHoldsWhatWasUsedOnceReset) {
  Arena arena;
  const auto use = [&arena] {
    for (int i = 0; i < 100; ++i) {
      arena.allocate(200);
    }
  };
  use();
  arena.reset();
  const std::size_t grown = arena.capacity_bytes();
  for (int frame = 0; frame < 5; ++frame) {
    use();
    arena.reset();
    EXPECT_EQ(arena.capacity_bytes(), grown);  // Nothing more is allocated.
  }
}

TEST(Arena, StartsAtTheSameAddressAfterAReset) {
  Arena arena;
  const void* first = arena.allocate(64);
  arena.reset();
  EXPECT_EQ(arena.allocate(64), first);
}

TEST(Arena, ResetsBeforeItsFirstUse) {
  Arena arena;
  arena.reset();
  EXPECT_EQ(arena.capacity_bytes(), 0U);
}

TEST(Arena, GivesDisjointPiecesToThreadsThatAllocateAtOnce) {
  Arena arena;
  for (int round = 0; round < 3; ++round) {
    std::array<std::vector<std::uint8_t*>, 3> pieces;
    const auto work = [&arena, &pieces](std::uint8_t mark) {
      for (int i = 0; i < 1'000; ++i) {
        auto* piece = static_cast<std::uint8_t*>(arena.allocate(48));
        std::memset(piece, mark, 48);
        pieces[mark].push_back(piece);
      }
    };
    std::thread a(work, std::uint8_t{0});
    std::thread b(work, std::uint8_t{1});
    work(2);
    a.join();
    b.join();
    for (std::uint8_t mark = 0; mark < 3; ++mark) {
      EXPECT_TRUE(std::all_of(pieces[mark].begin(), pieces[mark].end(), [mark](const auto* piece) {
        return std::all_of(piece, piece + 48, [mark](std::uint8_t one) { return one == mark; });
      }));
    }
    arena.reset();
  }
}

}  // namespace
}  // namespace penstock
