#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace penstock {

/// What one element of a feature map is. Values are append-only: they cross the driver ABI and
/// files.
enum class ElementType : std::uint8_t {
  kUndefined = 0,
  kF32 = 1,
  kF16 = 2,
  kBf16 = 3,
  kF64 = 4,
  kU8 = 5,
  kI8 = 6,
  kU16 = 7,
  kI16 = 8,
  kU32 = 9,
  kI32 = 10,
  kU64 = 11,
  kI64 = 12,
  kBool = 13,  ///< One byte, 0 or 1.
  kU4 = 14,    ///< Two elements a byte, the first in the low half.
  kI4 = 15,
};

/// Returns the size of one element in bits (4 for the packed half-byte types, 0 for kUndefined).
constexpr std::size_t bits_of(ElementType type) noexcept {
  switch (type) {
    case ElementType::kUndefined:
      return 0;
    case ElementType::kU4:
    case ElementType::kI4:
      return 4;
    case ElementType::kU8:
    case ElementType::kI8:
    case ElementType::kBool:
      return 8;
    case ElementType::kF16:
    case ElementType::kBf16:
    case ElementType::kU16:
    case ElementType::kI16:
      return 16;
    case ElementType::kF32:
    case ElementType::kU32:
    case ElementType::kI32:
      return 32;
    case ElementType::kF64:
    case ElementType::kU64:
    case ElementType::kI64:
      return 64;
  }
  return 0;
}

/// Returns the word that YAML, messages and JSON use ("f32", "u8", "bf16").
const char* to_string(ElementType type) noexcept;

/// Returns the type of a word, or nothing.
std::optional<ElementType> element_type_from(std::string_view word) noexcept;

}  // namespace penstock
