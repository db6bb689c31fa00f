#include "engine/memory/buffer.h"

#include <array>

#include <gtest/gtest.h>

namespace penstock {
namespace {

void count_call(void* context) {
  ++*static_cast<int*>(context);
}

TEST(Buffer, ReleasesWrappedMemoryOnceWhenTheLastCopyGoes) {
  std::array<std::byte, 8> memory{};
  int released = 0;
  Buffer first = Buffer::wrap(memory.data(), memory.size(), &count_call, &released);
  Buffer second = first;
  EXPECT_FALSE(first.is_unique());
  first.reset();
  EXPECT_EQ(released, 0);
  EXPECT_TRUE(second.is_unique());
  second.reset();
  second.reset();
  EXPECT_EQ(released, 1);
}

TEST(Buffer, WrapsMemoryThatNeedsNoRelease) {
  std::array<std::byte, 8> memory{};
  const Buffer buffer = Buffer::wrap(memory.data(), memory.size(), nullptr, nullptr);
  EXPECT_EQ(buffer.data(), memory.data());
  EXPECT_EQ(buffer.size(), 8U);
}

TEST(Buffer, DescribesEachWrappedMemoryAsASegmentOfItsOwn) {
  const Buffer a = Buffer::allocate(1);
  const Buffer b = Buffer::allocate(1);
  EXPECT_NE(a.descriptor().segment, b.descriptor().segment);
  EXPECT_EQ(a.descriptor().length, 1U);
}

TEST(Buffer, IsEmptyWithoutASlot) {
  const Buffer buffer;
  EXPECT_FALSE(static_cast<bool>(buffer));
  EXPECT_EQ(buffer.size(), 0U);
  EXPECT_EQ(buffer.data(), nullptr);
  EXPECT_EQ(buffer.descriptor(), BufferDescriptor{});
}

TEST(Buffer, AllocatesAlignedMemoryAlsoForNoBytes) {
  for (const std::size_t length : {0U, 1U, 63U, 64U, 65U}) {
    const Buffer buffer = Buffer::allocate(length);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(buffer.data()) % 64, 0U);
    EXPECT_EQ(buffer.size(), length);
  }
}

TEST(Buffer, AssignmentDropsTheLeaseThatWasThere) {
  int released = 0;
  std::array<std::byte, 8> memory{};
  Buffer buffer = Buffer::wrap(memory.data(), 8, &count_call, &released);
  Buffer& same = buffer;
  buffer = same;
  EXPECT_EQ(released, 0);
  buffer = Buffer();
  EXPECT_EQ(released, 1);
}

}  // namespace
}  // namespace penstock
