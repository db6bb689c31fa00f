#include "drivers/api/option_reader.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <utility>

namespace penstock {
namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') {
    text.remove_prefix(1);
  }
  while (!text.empty() && text.back() == ' ') {
    text.remove_suffix(1);
  }
  return text;
}

template <class Number>
std::optional<Number> parse_number(std::string_view text) {
  Number value{};
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (fault != std::errc() || end != text.data() + text.size() || text.empty()) {
    return std::nullopt;
  }
  return value;
}

std::optional<Duration> parse_duration(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, double>, 4> kUnits = {
      {{"ns", 1.0}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}}};
  for (const auto& [unit, nanoseconds] : kUnits) {
    if (text.size() > unit.size() && text.substr(text.size() - unit.size()) == unit) {
      const auto count = parse_number<double>(text.substr(0, text.size() - unit.size()));
      if (count.has_value() && *count >= 0 && *count * nanoseconds < 1e18) {
        return Duration(static_cast<std::int64_t>(*count * nanoseconds));
      }
    }
  }
  return std::nullopt;
}

}  // namespace

const std::string* OptionReader::find(const std::string& name) {
  known_.insert(name);
  const auto found = options_.find(name);
  if (found == options_.end()) {
    return nullptr;
  }
  used_.insert(name);
  return &found->second;
}

void OptionReader::reject(const std::string& name, const std::string& rule) {
  const auto found = options_.find(name);
  const std::string value = found == options_.end() ? "" : " is '" + found->second + "'";
  complaints_.push_back(
      {Errc::kInvalidArgument, name, "option '" + name + "'" + value + ": " + rule});
}

std::string OptionReader::text(const std::string& name, const std::string& otherwise) {
  const std::string* value = find(name);
  return value == nullptr ? otherwise : *value;
}

std::string OptionReader::word(const std::string& name,
                               std::initializer_list<std::string_view> words) {
  const std::string fallback(*words.begin());
  const std::string* value = find(name);
  if (value == nullptr) {
    return fallback;
  }
  std::string list;
  for (const std::string_view known : words) {
    if (*value == known) {
      return *value;
    }
    list += (list.empty() ? "" : ", ") + std::string(known);
  }
  reject(name, "must be one of " + list);
  return fallback;
}

std::int64_t OptionReader::integer(const std::string& name,
                                   std::int64_t otherwise,
                                   std::int64_t least,
                                   std::int64_t most) {
  const std::string* value = find(name);
  if (value == nullptr) {
    return otherwise;
  }
  const auto number = parse_number<std::int64_t>(*value);
  if (!number.has_value() || *number < least || *number > most) {
    reject(name,
           "must be a whole number from " + std::to_string(least) + " to " + std::to_string(most));
    return otherwise;
  }
  return *number;
}

bool OptionReader::flag(const std::string& name, bool otherwise) {
  const std::string* value = find(name);
  if (value == nullptr) {
    return otherwise;
  }
  if (*value != "true" && *value != "false") {
    reject(name, "must be true or false");
    return otherwise;
  }
  return *value == "true";
}

Duration OptionReader::duration(const std::string& name, Duration otherwise) {
  const std::string* value = find(name);
  if (value == nullptr) {
    return otherwise;
  }
  const auto parsed = parse_duration(*value);
  if (!parsed.has_value()) {
    reject(name, "must be a number with a unit: ns, us, ms or s");
    return otherwise;
  }
  return *parsed;
}

std::vector<double> OptionReader::numbers(const std::string& name, std::string_view nothing) {
  const std::string* value = find(name);
  if (value == nullptr) {
    return {};
  }
  std::vector<double> result;
  std::string_view rest = *value;
  while (true) {
    const auto comma = rest.find(',');
    const std::string_view item = trimmed(rest.substr(0, comma));
    const bool is_nothing = !nothing.empty() && item == nothing;
    const std::optional<double> number = is_nothing ? std::nan("") : parse_number<double>(item);
    if (!number.has_value() || (!is_nothing && !std::isfinite(*number))) {
      reject(name,
             "must be finite numbers with commas between them; number " +
                 std::to_string(result.size() + 1) + " is '" + std::string(item) + "'");
      return {};
    }
    result.push_back(*number);
    if (comma == std::string_view::npos) {
      return result;
    }
    rest.remove_prefix(comma + 1);
  }
}

DriverOptions OptionReader::group(const std::string& prefix) {
  known_.insert(prefix + "N");
  DriverOptions result;
  for (const auto& [name, value] : options_) {
    if (name.compare(0, prefix.size(), prefix) == 0) {
      used_.insert(name);
      result.emplace(name.substr(prefix.size()), value);
    }
  }
  return result;
}

std::vector<LoadObstacle> OptionReader::obstacles() {
  if (!std::exchange(finished_, true)) {
    std::string known;
    for (const std::string& name : known_) {
      known += (known.empty() ? "known are " : ", ") + name;
    }
    known = known.empty() ? "it takes none" : known;
    for (const auto& [name, value] : options_) {
      if (used_.count(name) == 0) {
        complaints_.push_back(
            {Errc::kInvalidArgument, name, "unknown option '" + name + "'; " + known});
      }
    }
  }
  return complaints_;
}

Status OptionReader::finish() {
  std::string all;
  for (const LoadObstacle& complaint : obstacles()) {
    all += (all.empty() ? "" : "; ") + complaint.text;
  }
  if (!all.empty()) {
    return Error{Errc::kInvalidArgument, all};
  }
  return {};
}

std::optional<Shape> parse_shape(std::string_view text) {
  std::vector<std::int64_t> extents;
  while (true) {
    const auto cross = text.find('x');
    const std::string_view word = trimmed(text.substr(0, cross));
    const auto extent = word == "?" ? Shape::kDynamic : parse_number<std::int64_t>(word);
    if (!extent.has_value() || *extent < Shape::kDynamic || extents.size() == Shape::kMaxRank) {
      return std::nullopt;
    }
    extents.push_back(*extent);
    if (cross == std::string_view::npos) {
      return Shape(extents);
    }
    text.remove_prefix(cross + 1);
  }
}

}  // namespace penstock
