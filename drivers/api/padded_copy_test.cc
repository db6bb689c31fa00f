#include "drivers/api/padded_copy.h"

#include <cstdint>
#include <cstring>
#include <vector>

#include <gtest/gtest.h>

namespace penstock {
namespace {

std::vector<int> padded(const Shape& shape, const Shape& room, double fill) {
  std::vector<std::int16_t> from(static_cast<std::size_t>(shape.element_count().value()));
  for (std::size_t i = 0; i < from.size(); ++i) {
    from[i] = static_cast<std::int16_t>(i + 1);
  }
  std::vector<std::int16_t> to(static_cast<std::size_t>(room.element_count().value()), -1);
  copy_padded(reinterpret_cast<const std::byte*>(from.data()),
              shape,
              reinterpret_cast<std::byte*>(to.data()),
              room,
              element_bytes(fill, ElementType::kI16).value());
  return {to.begin(), to.end()};
}

TEST(PaddedCopy, FillsTheEndOfEachAxis) {
  EXPECT_EQ(padded({2, 2}, {3, 4}, 300),
            std::vector<int>({1, 2, 300, 300, 3, 4, 300, 300, 300, 300, 300, 300}));
  EXPECT_EQ(padded({1, 2, 1}, {2, 2, 2}, 0), std::vector<int>({1, 0, 2, 0, 0, 0, 0, 0}));
}

TEST(PaddedCopy, CopiesWhatIsAsLargeAsTheRoom) {
  EXPECT_EQ(padded({2, 3}, {2, 3}, 9), std::vector<int>({1, 2, 3, 4, 5, 6}));
}

TEST(PaddedCopy, FillsRowsThatAreMissing) {
  EXPECT_EQ(padded({1, 3}, {2, 3}, 7), std::vector<int>({1, 2, 3, 7, 7, 7}));
}

TEST(PaddedCopy, CopiesAScalar) {
  EXPECT_EQ(padded(Shape(), Shape(), 7), std::vector<int>({1}));
}

template <class T>
T element(double value, ElementType type) {
  const auto bytes = element_bytes(value, type).value();
  T result{};
  EXPECT_EQ(bytes.size(), sizeof(T));
  std::memcpy(&result, bytes.data(), sizeof(T));
  return result;
}

TEST(PaddedCopy, MakesElementsOfEveryType) {
  EXPECT_EQ(element<float>(0.5, ElementType::kF32), 0.5F);
  EXPECT_EQ(element<double>(-0.25, ElementType::kF64), -0.25);
  EXPECT_EQ(element<std::uint8_t>(114, ElementType::kU8), 114);
  EXPECT_EQ(element<std::int64_t>(-7, ElementType::kI64), -7);
  EXPECT_EQ(element<std::uint16_t>(1, ElementType::kBf16), 0x3F80);
  EXPECT_EQ(element<std::uint16_t>(1, ElementType::kF16), 0x3C00);
  EXPECT_EQ(element<std::uint16_t>(-114.5, ElementType::kF16), 0xD728);
  EXPECT_EQ(element<std::uint16_t>(65504, ElementType::kF16), 0x7BFF);
}

TEST(PaddedCopy, RefusesAValueThatTheTypeCannotHold) {
  EXPECT_EQ(element_bytes(256, ElementType::kU8).error().message, "u8 cannot hold 256.000000");
  EXPECT_EQ(element_bytes(0.5, ElementType::kI32).error().code, Errc::kInvalidArgument);
  EXPECT_EQ(element_bytes(65536, ElementType::kF16).error().code, Errc::kInvalidArgument);
  EXPECT_EQ(element_bytes(0, ElementType::kI4).error().code, Errc::kUnsupported);
}

}  // namespace
}  // namespace penstock
