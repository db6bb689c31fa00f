#include "engine/tensor/element_type.h"

#include <array>
#include <utility>

namespace penstock {
namespace {

constexpr std::array<std::pair<ElementType, const char*>, 16> kWords = {{
    {ElementType::kUndefined, "undefined"},
    {ElementType::kF32, "f32"},
    {ElementType::kF16, "f16"},
    {ElementType::kBf16, "bf16"},
    {ElementType::kF64, "f64"},
    {ElementType::kU8, "u8"},
    {ElementType::kI8, "i8"},
    {ElementType::kU16, "u16"},
    {ElementType::kI16, "i16"},
    {ElementType::kU32, "u32"},
    {ElementType::kI32, "i32"},
    {ElementType::kU64, "u64"},
    {ElementType::kI64, "i64"},
    {ElementType::kBool, "bool"},
    {ElementType::kU4, "u4"},
    {ElementType::kI4, "i4"},
}};

}  // namespace

const char* to_string(ElementType type) noexcept {
  for (const auto& [known, word] : kWords) {
    if (known == type) {
      return word;
    }
  }
  return "undefined";
}

std::optional<ElementType> element_type_from(std::string_view word) noexcept {
  for (const auto& [type, known] : kWords) {
    if (word == known && type != ElementType::kUndefined) {
      return type;
    }
  }
  return std::nullopt;
}

}  // namespace penstock
