#include "engine/nodes/json_text.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <ctime>

namespace penstock {
namespace {

bool is_continuation(std::string_view text, std::size_t at) {
  return at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U;
}

/// Returns the bytes of the UTF-8 character at the start of `text` (RFC 3629), 0 if it is none.
std::size_t utf8_length(std::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  const auto second = text.size() > 1 ? static_cast<unsigned char>(text[1]) : 0U;
  std::size_t length = 0;
  if (first >= 0xC2 && first <= 0xDF) {
    length = 2;
  } else if ((first & 0xF0U) == 0xE0U) {
    const bool is_overlong = first == 0xE0 && second < 0xA0;
    const bool is_surrogate = first == 0xED && second > 0x9F;
    length = is_overlong || is_surrogate ? 0 : 3;
  } else if (first >= 0xF0 && first <= 0xF4) {
    const bool is_overlong = first == 0xF0 && second < 0x90;
    const bool is_beyond = first == 0xF4 && second > 0x8F;
    length = is_overlong || is_beyond ? 0 : 4;
  }
  for (std::size_t i = 1; i < length; ++i) {
    if (!is_continuation(text, i)) {
      return 0;
    }
  }
  return length;
}

void append_ascii(char c, std::string& out) {
  if (c == '"' || c == '\\') {
    out += '\\';
    out += c;
  } else if (static_cast<unsigned char>(c) >= 0x20) {
    out += c;
  } else {
    std::array<char, 8> escape{};
    std::snprintf(escape.data(), escape.size(), "\\u%04x", static_cast<unsigned>(c));
    out += escape.data();
  }
}

}  // namespace

void append_json_text(std::string_view text, std::string& out) {
  out += '"';
  while (!text.empty()) {
    std::size_t used = 1;
    if (static_cast<unsigned char>(text[0]) < 0x80) {
      append_ascii(text[0], out);
    } else if (const std::size_t length = utf8_length(text); length > 0) {
      out += text.substr(0, length);
      used = length;
    } else {
      out += "\\ufffd";
    }
    text.remove_prefix(used);
  }
  out += '"';
}

void append_json_number(double number, int decimals, std::string& out) {
  if (!std::isfinite(number)) {
    out += "null";
    return;
  }
  // The longest double has 309 digits before the point.
  std::array<char, 336> digits{};
  const auto end = std::to_chars(
      digits.data(), digits.data() + digits.size(), number, std::chars_format::fixed, decimals);
  const std::string_view text(digits.data(), static_cast<std::size_t>(end.ptr - digits.data()));
  const bool is_minus_zero = text[0] == '-' && text.find_first_not_of("-0.") == text.npos;
  out += is_minus_zero ? text.substr(1) : text;
}

void append_json_number(std::int64_t number, std::string& out) {
  std::array<char, 24> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number);
  out.append(digits.data(), end.ptr);
}

void append_json_time(std::int64_t wall_ns, std::string& out) {
  constexpr std::int64_t kSecondMs = 1000;
  const std::int64_t ms = wall_ns / 1'000'000 - (wall_ns % 1'000'000 < 0 ? 1 : 0);
  const std::int64_t seconds = ms / kSecondMs - (ms % kSecondMs < 0 ? 1 : 0);
  const auto time = static_cast<std::time_t>(seconds);
  std::tm parts{};
  gmtime_r(&time, &parts);
  std::array<char, 96> text{};
  const int length = std::snprintf(text.data(),
                                   text.size(),
                                   "\"%04d-%02d-%02dT%02d:%02d:%02d.%03dZ\"",
                                   parts.tm_year + 1900,
                                   parts.tm_mon + 1,
                                   parts.tm_mday,
                                   parts.tm_hour,
                                   parts.tm_min,
                                   parts.tm_sec,
                                   static_cast<int>(ms - seconds * kSecondMs));
  out.append(text.data(), static_cast<std::size_t>(length));
}

}  // namespace penstock
