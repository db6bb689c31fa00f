#include "engine/base/printable.h"

#include <cstddef>
#include <cstdint>

namespace penstock {
namespace {

struct Character {
  std::uint32_t code = 0;
  std::size_t length = 0;  // 0: it is none.
};

std::uint32_t bits_of(char byte, unsigned mask) {
  return static_cast<unsigned char>(byte) & mask;
}

/// Returns the UTF-8 character that `text` begins with. Pre: it is not empty.
Character first_of(std::string_view text) {
  const std::uint32_t lead = bits_of(text[0], 0xFF);
  if (lead < 0x80) {
    return {lead, 1};
  }
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < length) {
    return {};
  }
  Character character{lead & (0x7FU >> length), length};
  for (std::size_t i = 1; i < length; ++i) {
    if (bits_of(text[i], 0xC0) != 0x80) {
      return {};
    }
    character.code = character.code << 6U | bits_of(text[i], 0x3F);
  }
  const std::uint32_t least = length == 2 ? 0x80 : length == 3 ? 0x800 : 0x10000;
  const bool is_surrogate = character.code >= 0xD800 && character.code <= 0xDFFF;
  const bool is_one = character.code >= least && character.code <= 0x10FFFF && !is_surrogate;
  return is_one ? character : Character{};
}

bool is_seen(std::uint32_t code) {
  const bool is_control = code < 0x20 || (code >= 0x7F && code < 0xA0);
  const bool is_line_end = code == 0x2028 || code == 0x2029;
  const bool turns_direction = (code >= 0x202A && code <= 0x202E) ||
                               (code >= 0x2066 && code <= 0x2069) || code == 0x200E ||
                               code == 0x200F;
  return !is_control && !is_line_end && !turns_direction;
}

std::string shown(std::string_view text, bool keeps_lines) {
  std::string result;
  result.reserve(text.size());
  while (!text.empty()) {
    const Character character = first_of(text);
    const std::size_t length = character.length == 0 ? 1 : character.length;
    const bool stays =
        character.length != 0 && (is_seen(character.code) || (keeps_lines && text[0] == '\n'));
    if (stays) {
      result.append(text.substr(0, length));
    } else {
      result += '?';
    }
    text.remove_prefix(length);
  }
  return result;
}

}  // namespace

std::string printable(std::string_view text) {
  return shown(text, false);
}

std::string printable_lines(std::string_view text) {
  return shown(text, true);
}

}  // namespace penstock
