#include "engine/base/number_text.h"

#include <array>
#include <charconv>

namespace penstock {

std::string plain_number(double value) {
  std::array<char, 1100> text{};  // The smallest number has 1074 digits behind the point.
  const auto end =
      std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  return {text.data(), end.ptr};
}

}  // namespace penstock
