#include "engine/yaml/text_check.h"

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

namespace penstock {
namespace {

/// Returns the length of the UTF-8 character at `at`; 0 if it is not one.
std::size_t utf8_length(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t index) { return static_cast<unsigned char>(text[index]); };
  const unsigned first = byte(at);
  if (first < 0x80U) {
    return 1;
  }
  const std::size_t length = first >= 0xF0U ? 4 : first >= 0xE0U ? 3 : 2;
  if (first < 0xC2U || first > 0xF4U || at + length > text.size()) {
    return 0;
  }
  std::uint32_t code = first & (0xFFU >> (length + 1));
  for (std::size_t index = 1; index < length; ++index) {
    if ((byte(at + index) & 0xC0U) != 0x80U) {
      return 0;
    }
    code = (code << 6U) | (byte(at + index) & 0x3FU);
  }
  const bool is_surrogate = code >= 0xD800U && code <= 0xDFFFU;
  const bool is_overlong = (length == 3 && code < 0x800U) || (length == 4 && code < 0x10000U);
  return is_surrogate || is_overlong || code > 0x10FFFFU ? 0 : length;
}

bool is_forbidden(std::string_view text, std::size_t at) {
  const char character = text[at];
  if (character == '\r') {
    return at + 1 >= text.size() || text[at + 1] != '\n';
  }
  const auto byte = static_cast<unsigned char>(character);
  return (byte < 0x20U && character != '\t' && character != '\n') || byte == 0x7FU;
}

std::string hex_of(char byte) {
  char text[8] = {};
  std::snprintf(
      text, sizeof text, "0x%02x", static_cast<unsigned>(static_cast<unsigned char>(byte)));
  return text;
}

}  // namespace

bool check_text(const SourceText& source, Diagnostics& diagnostics) {
  const std::string_view text = source.text();
  if (text.size() > SourceText::kMaxBytes) {
    diagnostics.error("E001",
                      source.whole(),
                      "the file has " + std::to_string(text.size()) + " bytes; at most " +
                          std::to_string(SourceText::kMaxBytes) + " are read");
    return false;
  }
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = utf8_length(text, at);
    if (length == 0 || is_forbidden(text, at)) {
      diagnostics.error("E001",
                        source.place_at(at),
                        "byte " + hex_of(text[at]) + " is not text in UTF-8",
                        "is this a YAML file? save it as UTF-8");
      return false;
    }
    at += length;
  }
  return true;
}

}  // namespace penstock
