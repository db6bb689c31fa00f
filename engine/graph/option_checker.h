#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/graph/file_access.h"
#include "engine/graph/option.h"
#include "engine/graph/option_values.h"
#include "engine/graph/path_checker.h"
#include "engine/graph/scalar_checker.h"
#include "engine/yaml/diagnostic.h"
#include "engine/yaml/yaml_node.h"

namespace penstock {

/// Reads values that a user wrote against the description of their options: E003 (octal, yes/no),
/// E010 to E016, E018, and E020 for a run-time name where none is allowed.
///
/// Reports everything and goes on: what is wrong is left out of the values.
/// Thread-safety: none.
class OptionChecker {
 public:
  /// What the options belong to.
  struct Owner {
    std::string name;                ///< For messages: "actor 'cam'".
    SourcePlace place;               ///< Where a missing option is reported.
    std::vector<std::string> words;  ///< Further keys that are allowed and read by somebody else.
  };

  /// Both must outlive the checker. `files` nullptr = files are not looked at.
  OptionChecker(const FileAccess* files, Diagnostics& diagnostics)
      : scalars_(diagnostics),
        paths_(files, diagnostics),
        diagnostics_(diagnostics) {}

  /// Returns the values of `map` (a map, or null for "nothing written") with defaults filled in.
  OptionValues check(const std::vector<Option>& options, const YamlNode& map, const Owner& owner);

  /// Returns the value of one option; nothing if it is wrong.
  std::optional<OptionValue> check_value(const Option& option, const YamlNode& node);

 private:
  using Value = std::optional<OptionValue>;

  Value check_scalar(const Option& option, const YamlNode& node);
  Value check_size(const Option& option, const YamlNode& node);
  Value check_labels(const Option& option, const YamlNode& node);
  Value check_list(const Option& option, const YamlNode& node);
  Value check_map_of(const Option& option, const YamlNode& node);
  Value check_table(const Option& option, const YamlNode& node);
  bool check_table_key(const Option& option, const YamlNode::Entry& entry);

  void check_keys(const std::vector<Option>& options, const YamlNode& map, const Owner& owner);
  const YamlNode::Entry* find_written(const Option& option, const YamlNode& map);
  void check_missing(const Option& option,
                     const std::vector<Option>& options,
                     const YamlNode& map,
                     const Owner& owner);
  void check_groups(const std::vector<Option>& options, const YamlNode& map, const Owner& owner);
  void check_owners(const std::vector<Option>& options, const YamlNode& map);
  void check_label_words(const Option& option, const OptionValues& values, const YamlNode& node);

  ScalarChecker scalars_;
  PathChecker paths_;
  Diagnostics& diagnostics_;
};

/// Returns the value of an option's default. Pre: it has one, and it passes.
OptionValue default_of(const Option& option);

/// True for a name of an actor, model, device, stream or parameter: letters, digits, underscores,
/// not starting with a digit.
bool is_name(const std::string& text);

}  // namespace penstock
