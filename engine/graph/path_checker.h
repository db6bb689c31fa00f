#pragma once

#include <optional>
#include <string>

#include "engine/graph/file_access.h"
#include "engine/graph/option.h"
#include "engine/graph/option_values.h"
#include "engine/yaml/diagnostic.h"
#include "engine/yaml/yaml_node.h"

namespace penstock {

/// The file name of places and origins that lie on the command line.
inline constexpr const char* kCommandLine = "--set";

/// Returns `path` as it is opened: relative ones start at the folder of the file that names them,
/// those of the command line at the working directory.
std::string resolve_path(const std::string& path, const YamlNode& node);

/// Checks that what a user names can be read or written: E018 for a file that is missing or a
/// folder, E014 for an ending that the writer does not know, E065 for a name that all frames would
/// share.
///
/// Thread-safety: none.
class PathChecker {
 public:
  using Value = std::optional<OptionValue>;

  /// Both must outlive the checker. `files` nullptr = files are not looked at.
  PathChecker(const FileAccess* files, Diagnostics& diagnostics)
      : files_(files),
        diagnostics_(diagnostics) {}

  /// Returns a path or an address (`kPathIn`, `kUri`) as it is opened, one to write (`kPathOut`) as
  /// it is written; nothing if it is wrong. Pre: `node` is text, not empty.
  Value check(const Option& option, const YamlNode& node);

  /// Returns the lines of the file of labels that `node` names. Pre: as `check`.
  Value read_label_file(const YamlNode& node);

 private:
  Value check_in(const Option& option, const YamlNode& node);
  Value check_out(const Option& option, const YamlNode& node);
  Value refuse_folder(const Option& option, const YamlNode& node, const std::string& hint);

  const FileAccess* files_;
  Diagnostics& diagnostics_;
};

}  // namespace penstock
