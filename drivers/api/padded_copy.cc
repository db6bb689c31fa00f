#include "drivers/api/padded_copy.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>

namespace penstock {
namespace {

template <class T>
std::vector<std::byte> bytes_of(T value) {
  std::vector<std::byte> bytes(sizeof(value));
  std::memcpy(bytes.data(), &value, sizeof(value));
  return bytes;
}

Error cannot_hold(double value, ElementType type) {
  return {Errc::kInvalidArgument,
          std::string(to_string(type)) + " cannot hold " + std::to_string(value)};
}

template <class T>
Result<std::vector<std::byte>> integer_bytes(double value, ElementType type) {
  // 2^63 and 2^64 are the first doubles that do not fit; the maximum itself rounds up to them.
  const double end = std::ldexp(1.0, std::numeric_limits<T>::digits);
  if (std::floor(value) != value || value < static_cast<double>(std::numeric_limits<T>::min()) ||
      value >= end) {
    return cannot_hold(value, type);
  }
  return bytes_of(static_cast<T>(value));
}

/// Returns the upper half of the float, which is what bf16 is; cut, not rounded.
std::vector<std::byte> bf16_bytes(float value) {
  std::uint32_t bits = 0;
  std::memcpy(&bits, &value, sizeof(bits));
  return bytes_of(static_cast<std::uint16_t>(bits >> 16U));
}

/// Returns an IEEE half of a value within its normal range; the mantissa is cut, not rounded.
Result<std::vector<std::byte>> f16_bytes(double value) {
  if (value == 0) {
    return bytes_of(std::uint16_t{0});
  }
  int exponent = 0;
  const double fraction = std::frexp(std::abs(value), &exponent);  // In [0.5, 1).
  if (!std::isfinite(value) || exponent > 16 || exponent < -13) {
    return cannot_hold(value, ElementType::kF16);
  }
  const auto mantissa = static_cast<unsigned>((fraction * 2 - 1) * 1024);
  const unsigned sign = value < 0 ? 0x8000U : 0U;
  return bytes_of(
      static_cast<std::uint16_t>(sign | static_cast<unsigned>(exponent + 14) << 10U | mantissa));
}

void fill(std::byte* to, std::size_t count, std::span<const std::byte> element) noexcept {
  const bool is_one_byte = std::all_of(
      element.begin(), element.end(), [&](std::byte byte) { return byte == element.front(); });
  if (is_one_byte) {
    std::memset(to, std::to_integer<int>(element.front()), count * element.size());
    return;
  }
  for (std::size_t i = 0; i < count; ++i) {
    std::memcpy(to + i * element.size(), element.data(), element.size());
  }
}

std::size_t elements_behind(const Shape& shape, std::size_t axis) noexcept {
  std::size_t count = 1;
  for (std::size_t i = axis; i < shape.rank(); ++i) {
    count *= static_cast<std::size_t>(shape[i]);
  }
  return count;
}

struct Copy {
  const Shape& shape;
  const Shape& room;
  std::span<const std::byte> element;

  void axis(const std::byte* from, std::byte* to, std::size_t at) const noexcept {
    const bool is_rest_equal = std::equal(
        shape.extents().begin() + static_cast<std::ptrdiff_t>(std::min(at + 1, shape.rank())),
        shape.extents().end(),
        room.extents().begin() + static_cast<std::ptrdiff_t>(std::min(at + 1, shape.rank())));
    const std::size_t room_count = elements_behind(room, at);
    if (at == shape.rank() || is_rest_equal) {
      const std::size_t count = elements_behind(shape, at);
      std::memcpy(to, from, count * element.size());
      fill(to + count * element.size(), room_count - count, element);
      return;
    }
    const std::size_t from_step = elements_behind(shape, at + 1) * element.size();
    const std::size_t to_step = elements_behind(room, at + 1) * element.size();
    const auto rows = static_cast<std::size_t>(shape[at]);
    for (std::size_t row = 0; row < rows; ++row) {
      axis(from + row * from_step, to + row * to_step, at + 1);
    }
    fill(to + rows * to_step, room_count - rows * (to_step / element.size()), element);
  }
};

}  // namespace

Result<std::vector<std::byte>> element_bytes(double value, ElementType type) {
  switch (type) {
    case ElementType::kF32:
      return bytes_of(static_cast<float>(value));
    case ElementType::kF64:
      return bytes_of(value);
    case ElementType::kF16:
      return f16_bytes(value);
    case ElementType::kBf16:
      return bf16_bytes(static_cast<float>(value));
    case ElementType::kU8:
      return integer_bytes<std::uint8_t>(value, type);
    case ElementType::kI8:
      return integer_bytes<std::int8_t>(value, type);
    case ElementType::kU16:
      return integer_bytes<std::uint16_t>(value, type);
    case ElementType::kI16:
      return integer_bytes<std::int16_t>(value, type);
    case ElementType::kU32:
      return integer_bytes<std::uint32_t>(value, type);
    case ElementType::kI32:
      return integer_bytes<std::int32_t>(value, type);
    case ElementType::kU64:
      return integer_bytes<std::uint64_t>(value, type);
    case ElementType::kI64:
      return integer_bytes<std::int64_t>(value, type);
    case ElementType::kBool:
      return value == 0 || value == 1
                 ? Result<std::vector<std::byte>>(bytes_of(static_cast<std::uint8_t>(value)))
                 : Result<std::vector<std::byte>>(cannot_hold(value, type));
    default:
      return Error{Errc::kUnsupported,
                   std::string(to_string(type)) + " is packed and cannot be padded"};
  }
}

void copy_padded(const std::byte* from,
                 const Shape& shape,
                 std::byte* to,
                 const Shape& room,
                 std::span<const std::byte> element) noexcept {
  Copy{shape, room, element}.axis(from, to, 0);
}

}  // namespace penstock
