#pragma once

#include <optional>
#include <string>

#include "engine/graph/option.h"
#include "engine/graph/option_values.h"
#include "engine/yaml/diagnostic.h"
#include "engine/yaml/yaml_node.h"

namespace penstock {

/// Reads one scalar that a user wrote against the description of its option: E003 (octal, yes/no),
/// E012 for a wrong type, E013 for a range, E014 for a word, and E020 for a run-time name where
/// none is allowed.
///
/// Thread-safety: none.
class ScalarChecker {
 public:
  using Value = std::optional<OptionValue>;

  /// `diagnostics` must outlive the checker.
  explicit ScalarChecker(Diagnostics& diagnostics) : diagnostics_(diagnostics) {}

  /// Returns the value; nothing if it is wrong. A kind that has no type of its own here, as a path,
  /// is text. Pre: `node` is a scalar.
  Value check(const Option& option, const YamlNode& node);

  /// Reports that `node` is not what the option wants, which `rule` says ("wants a number"), and
  /// returns nothing.
  Value wrong_type(const Option& option, const YamlNode& node, const std::string& rule);

 private:
  Value check_bool(const Option& option, const YamlNode& node);
  Value check_number(const Option& option, const YamlNode& node);
  Value check_measure(const Option& option, const YamlNode& node);
  Value check_word(const Option& option, const YamlNode& node);
  Value check_text(const Option& option, const YamlNode& node);
  Value in_range(const Option& option, const YamlNode& node, OptionValue value, double number);

  Diagnostics& diagnostics_;
};

}  // namespace penstock
