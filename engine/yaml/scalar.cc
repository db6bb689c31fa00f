#include "engine/yaml/scalar.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

namespace penstock {
namespace {

struct Unit {
  std::string_view name;
  double factor;
};

constexpr std::array<Unit, 7> kTimeUnits = {{{"ns", 1.0},
                                             {"us", 1e3},
                                             {"ms", 1e6},
                                             {"s", 1e9},
                                             {"min", 60e9},
                                             {"h", 3600e9},
                                             {"d", 86400e9}}};
constexpr std::array<Unit, 9> kByteUnits = {{{"B", 1.0},
                                             {"KiB", 1024.0},
                                             {"MiB", 1048576.0},
                                             {"GiB", 1073741824.0},
                                             {"TiB", 1099511627776.0},
                                             {"kB", 1e3},
                                             {"MB", 1e6},
                                             {"GB", 1e9},
                                             {"TB", 1e12}}};
constexpr std::array<Unit, 4> kBitRateUnits = {
    {{"bit/s", 1.0}, {"kbit/s", 1e3}, {"Mbit/s", 1e6}, {"Gbit/s", 1e9}}};

struct NamedColour {
  std::string_view name;
  Colour colour;
};

constexpr std::array<NamedColour, 12> kColours = {{{"black", {0, 0, 0, 255}},
                                                   {"white", {255, 255, 255, 255}},
                                                   {"grey", {128, 128, 128, 255}},
                                                   {"gray", {128, 128, 128, 255}},
                                                   {"red", {255, 0, 0, 255}},
                                                   {"green", {0, 160, 0, 255}},
                                                   {"blue", {0, 0, 255, 255}},
                                                   {"yellow", {255, 255, 0, 255}},
                                                   {"orange", {255, 165, 0, 255}},
                                                   {"magenta", {255, 0, 255, 255}},
                                                   {"cyan", {0, 255, 255, 255}},
                                                   {"purple", {128, 0, 128, 255}}}};

Error refused(std::string rule) {
  return {Errc::kInvalidArgument, std::move(rule)};
}

/// Reads a number at the start of `text` and takes it off; nothing if there is none.
std::optional<double> take_number(std::string_view& text) {
  std::string_view rest = text;
  if (!rest.empty() && rest.front() == '+') {
    rest.remove_prefix(1);
  }
  const bool starts_well = !rest.empty() && (rest.front() == '-' || rest.front() == '.' ||
                                             (rest.front() >= '0' && rest.front() <= '9'));
  double value = 0;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), value);
  if (!starts_well || error != std::errc() || !std::isfinite(value)) {
    return std::nullopt;
  }
  text = rest.substr(static_cast<std::size_t>(end - rest.data()));
  return value;
}

template <std::size_t N>
std::string unit_list(const std::array<Unit, N>& units) {
  std::string text;
  for (const Unit& unit : units) {
    text += (text.empty() ? "" : " ") + std::string(unit.name);
  }
  return text;
}

/// Reads a number and one of `units`; `wanted` says what it is with an example ("a size such as").
template <std::size_t N>
Result<double> parse_with_unit(std::string_view text,
                               const std::array<Unit, N>& units,
                               const std::string& wanted) {
  std::string_view rest = text;
  const std::optional<double> number = take_number(rest);
  if (!number.has_value()) {
    return refused("wants " + wanted);
  }
  while (!rest.empty() && rest.front() == ' ') {
    rest.remove_prefix(1);
  }
  for (const Unit& unit : units) {
    if (rest == unit.name) {
      const double value = *number * unit.factor;
      if (value < 0) {
        return refused("wants 0 or more");
      }
      if (value >= 9.2e18) {
        return refused("wants a smaller number");
      }
      return value;
    }
  }
  if (rest.empty()) {
    return refused("wants a unit, e.g. " + std::string(text) + std::string(units[2].name));
  }
  return refused("wants one of the units " + unit_list(units));
}

}  // namespace

Result<bool> parse_bool(std::string_view text) {
  if (text == "true" || text == "false") {
    return text == "true";
  }
  return refused("wants true or false");
}

Result<std::int64_t> parse_int(std::string_view text) {
  std::string_view digits = text;
  if (!digits.empty() && digits.front() == '+') {
    digits.remove_prefix(1);
  }
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error == std::errc::result_out_of_range) {
    return refused("wants a smaller number");
  }
  if (error != std::errc() || end != digits.data() + digits.size() || looks_octal(text)) {
    return refused("wants a whole number");
  }
  return value;
}

Result<double> parse_number(std::string_view text) {
  std::string_view rest = text;
  const std::optional<double> number = take_number(rest);
  if (!number.has_value() || !rest.empty() || looks_octal(text)) {
    return refused("wants a number");
  }
  return *number;
}

Result<std::chrono::nanoseconds> parse_duration(std::string_view text) {
  PENSTOCK_ASSIGN_OR_RETURN(const double value,
                            parse_with_unit(text, kTimeUnits, "a duration such as 15ms"));
  return std::chrono::nanoseconds(std::llround(value));
}

Result<std::uint64_t> parse_bytes(std::string_view text) {
  PENSTOCK_ASSIGN_OR_RETURN(const double value,
                            parse_with_unit(text, kByteUnits, "a size such as 64MiB"));
  return static_cast<std::uint64_t>(std::llround(value));
}

Result<std::uint64_t> parse_bit_rate(std::string_view text) {
  PENSTOCK_ASSIGN_OR_RETURN(const double value,
                            parse_with_unit(text, kBitRateUnits, "a bit rate such as 4Mbit/s"));
  return static_cast<std::uint64_t>(std::llround(value));
}

Result<double> parse_rate(std::string_view text) {
  const std::size_t slash = text.find('/');
  const Result<double> above = parse_number(text.substr(0, slash));
  if (!above.has_value()) {
    return refused("wants a rate per second such as 25 or 30000/1001");
  }
  if (slash == std::string_view::npos) {
    return above;
  }
  const Result<double> below = parse_number(text.substr(slash + 1));
  if (!below.has_value() || *below <= 0) {
    return refused("wants a rate per second such as 25 or 30000/1001");
  }
  return *above / *below;
}

Result<Colour> parse_colour(std::string_view text) {
  for (const NamedColour& named : kColours) {
    if (text == named.name) {
      return named.colour;
    }
  }
  std::uint32_t value = 0;
  const bool has_alpha = text.size() == 9;
  if ((text.size() == 7 || has_alpha) && text.front() == '#') {
    const auto [end, error] =
        std::from_chars(text.data() + 1, text.data() + text.size(), value, 16);
    if (error == std::errc() && end == text.data() + text.size()) {
      if (!has_alpha) {
        value = (value << 8U) | 0xFFU;
      }
      const auto byte = [value](unsigned shift) {
        return static_cast<std::uint8_t>((value >> shift) & 0xFFU);
      };
      return Colour{byte(24), byte(16), byte(8), byte(0)};
    }
  }
  return refused("wants a colour such as \"#ff8000\" or orange");
}

bool looks_octal(std::string_view text) noexcept {
  if (!text.empty() && (text.front() == '+' || text.front() == '-')) {
    text.remove_prefix(1);
  }
  if (text.size() < 2 || text.front() != '0') {
    return false;
  }
  const std::string_view digits = text[1] == 'o' ? text.substr(2) : text.substr(1);
  return !digits.empty() && digits.find_first_not_of("0123456789") == std::string_view::npos;
}

bool looks_like_yes_or_no(std::string_view text) noexcept {
  constexpr std::array<std::string_view, 6> kWords = {"yes", "no", "on", "off", "y", "n"};
  const auto same = [text](std::string_view word) {
    return std::equal(text.begin(), text.end(), word.begin(), word.end(), [](char a, char b) {
      return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
    });
  };
  return std::any_of(kWords.begin(), kWords.end(), same);
}

std::string to_text(std::chrono::nanoseconds duration) {
  const std::int64_t count = duration.count();
  for (auto unit = kTimeUnits.rbegin(); unit != kTimeUnits.rend(); ++unit) {
    const auto factor = static_cast<std::int64_t>(unit->factor);
    if (count != 0 && count % factor == 0) {
      return std::to_string(count / factor) + std::string(unit->name);
    }
  }
  return "0s";
}

}  // namespace penstock
