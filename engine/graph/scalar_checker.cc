#include "engine/graph/scalar_checker.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "engine/yaml/nearest_word.h"
#include "engine/yaml/scalar.h"

namespace penstock {

ScalarChecker::Value ScalarChecker::check(const Option& option, const YamlNode& node) {
  switch (option.kind()) {
    case OptionKind::kBool:
      return check_bool(option, node);
    case OptionKind::kInt:
    case OptionKind::kNumber:
    case OptionKind::kRate:
      return check_number(option, node);
    case OptionKind::kDuration:
    case OptionKind::kBytes:
    case OptionKind::kBitRate:
      return check_measure(option, node);
    case OptionKind::kColour: {
      const auto value = parse_colour(node.text());
      return value.has_value() ? Value(*value) : wrong_type(option, node, value.error().message);
    }
    case OptionKind::kWord:
      return check_word(option, node);
    default:
      return check_text(option, node);
  }
}

ScalarChecker::Value ScalarChecker::wrong_type(const Option& option,
                                               const YamlNode& node,
                                               const std::string& rule) {
  if (node.is_null()) {
    diagnostics_.error(
        "E012", node.place(), "'" + option.name() + "' has no value; it wants " + option.wanted());
    return std::nullopt;
  }
  std::string hint;
  if (node.is_scalar()) {
    hint = did_you_mean(node.text(), option.extra_words());
  }
  const bool names_value = rule.rfind("wants a unit", 0) == 0;
  diagnostics_.error("E012",
                     node.place(),
                     names_value ? node.describe() + " " + rule
                                 : "'" + option.name() + "' " + rule + ", not " + node.describe(),
                     hint);
  return std::nullopt;
}

ScalarChecker::Value ScalarChecker::check_bool(const Option& option, const YamlNode& node) {
  if (!node.is_quoted() && looks_like_yes_or_no(node.text())) {
    diagnostics_.error(
        "E003",
        node.place(),
        node.describe() + " is a truth value to some YAML readers and text to others",
        "write true or false");
    return std::nullopt;
  }
  if (const auto value = parse_bool(node.text()); value.has_value() && !node.is_quoted()) {
    return OptionValue(*value);
  }
  return wrong_type(option, node, "wants true or false");
}

ScalarChecker::Value ScalarChecker::in_range(const Option& option,
                                             const YamlNode& node,
                                             OptionValue value,
                                             double number) {
  const bool below = option.least().has_value() && number < *option.least();
  const bool above = option.most().has_value() && number > *option.most();
  if (below || above) {
    diagnostics_.error(
        "E013",
        node.place(),
        "'" + option.name() + "' is " + node.describe() + "; it wants " + option.range_text());
    return std::nullopt;
  }
  return value;
}

ScalarChecker::Value ScalarChecker::check_number(const Option& option, const YamlNode& node) {
  if (node.is_quoted()) {
    return wrong_type(option, node, "wants " + option.wanted() + " without quotes");
  }
  if (looks_octal(node.text())) {
    diagnostics_.error("E003",
                       node.place(),
                       node.describe() + " is octal to some YAML readers and decimal to others",
                       "leave the leading zero out");
    return std::nullopt;
  }
  if (option.kind() == OptionKind::kInt) {
    const auto whole = parse_int(node.text());
    return whole.has_value()
               ? in_range(option, node, OptionValue(*whole), static_cast<double>(*whole))
               : wrong_type(option, node, whole.error().message);
  }
  const auto number =
      option.kind() == OptionKind::kRate ? parse_rate(node.text()) : parse_number(node.text());
  return number.has_value() ? in_range(option, node, OptionValue(*number), *number)
                            : wrong_type(option, node, number.error().message);
}

ScalarChecker::Value ScalarChecker::check_measure(const Option& option, const YamlNode& node) {
  if (option.kind() == OptionKind::kDuration) {
    const auto duration = parse_duration(node.text());
    return duration.has_value()
               ? in_range(
                     option, node, OptionValue(*duration), static_cast<double>(duration->count()))
               : wrong_type(option, node, duration.error().message);
  }
  const bool is_bytes = option.kind() == OptionKind::kBytes;
  const auto count = is_bytes ? parse_bytes(node.text()) : parse_bit_rate(node.text());
  if (!count.has_value()) {
    return wrong_type(option, node, count.error().message);
  }
  const OptionValue value =
      is_bytes ? OptionValue(ByteSize{*count}) : OptionValue(static_cast<std::int64_t>(*count));
  return in_range(option, node, value, static_cast<double>(*count));
}

ScalarChecker::Value ScalarChecker::check_word(const Option& option, const YamlNode& node) {
  std::vector<std::string> words = option.words();
  if (std::find(words.begin(), words.end(), node.text()) != words.end()) {
    return OptionValue(node.text());
  }
  words.insert(words.end(), option.extra_words().begin(), option.extra_words().end());
  diagnostics_.error(
      "E014",
      node.place(),
      "'" + option.name() + "' cannot be " + node.describe() + "; it wants " + one_of(words),
      did_you_mean(node.text(), words));
  return std::nullopt;
}

ScalarChecker::Value ScalarChecker::check_text(const Option& option, const YamlNode& node) {
  const std::size_t run_time_name = node.text().find("$(");
  if (run_time_name != std::string::npos && !option.is_templated()) {
    const std::size_t end = node.text().find(')', run_time_name);
    diagnostics_.error("E020",
                       node.place(),
                       node.text().substr(run_time_name, end + 1 - run_time_name) +
                           " has no value in '" + option.name() +
                           "': it is known only while the graph runs",
                       "run-time names may stand in the paths and topics of sinks");
    return std::nullopt;
  }
  if (node.text().empty()) {
    return wrong_type(option, node, "wants " + option.wanted());
  }
  return OptionValue(node.text());
}

}  // namespace penstock
