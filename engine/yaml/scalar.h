#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "engine/base/result.h"

namespace penstock {

/// What the text of a scalar means where a certain type is wanted.
///
/// Each function reads the whole text or fails with `kInvalidArgument` and the rule that it breaks,
/// ready for a diagnostic: "wants a duration such as 15ms". Nothing is guessed: a duration without
/// unit, an octal number and `yes` are refused.

/// Reads `true` or `false`.
Result<bool> parse_bool(std::string_view text);

/// Reads a decimal whole number with an optional sign.
Result<std::int64_t> parse_int(std::string_view text);

/// Reads a decimal number: `0.5`, `-3`, `1e-3`. No infinity.
Result<double> parse_number(std::string_view text);

/// Reads a number with a unit of time: `ns us ms s min h d`.
Result<std::chrono::nanoseconds> parse_duration(std::string_view text);

/// Reads a size in bytes with its unit: `B KiB MiB GiB TiB kB MB GB TB`.
Result<std::uint64_t> parse_bytes(std::string_view text);

/// Reads a bit rate with its unit: `bit/s kbit/s Mbit/s Gbit/s`.
Result<std::uint64_t> parse_bit_rate(std::string_view text);

/// Reads a rate per second: a number, or a fraction such as `30000/1001`.
Result<double> parse_rate(std::string_view text);

/// A colour with transparency, 8 bits each; `alpha` 255 is opaque.
struct Colour {
  std::uint8_t red = 0;
  std::uint8_t green = 0;
  std::uint8_t blue = 0;
  std::uint8_t alpha = 255;

  friend bool operator==(const Colour&, const Colour&) = default;
};

/// Reads `#rrggbb`, `#rrggbbaa` or one of the common colour names.
Result<Colour> parse_colour(std::string_view text);

/// True for `012` and `0o14`: octal to one YAML, decimal to the other.
bool looks_octal(std::string_view text) noexcept;

/// True for `yes no on off y n` in any case: truth values to one YAML, text to the other.
bool looks_like_yes_or_no(std::string_view text) noexcept;

/// Returns `duration` as the language writes it, in the largest unit without a remainder ("15ms").
std::string to_text(std::chrono::nanoseconds duration);

}  // namespace penstock
