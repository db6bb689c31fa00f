#pragma once

#include <string>

#include "engine/base/result.h"
#include "engine/graph/file_access.h"
#include "engine/graph/graph_checker.h"
#include "engine/graph/type_registry.h"
#include "tools/cli/arguments.h"
#include "tools/cli/known_drivers.h"

namespace penstock {

/// What a graph is checked against.
struct CheckAgainst {
  const TypeRegistry* registry = nullptr;
  const KnownDrivers* drivers = nullptr;  ///< Whose model files can be read; null: OpenVINO's.
  bool asks_devices = true;               ///< Theirs, whether they are there and can do it.
  const FileAccess* files = nullptr;      ///< Looked at instead of this machine's, if given.
  bool has_program =
      true;  ///< Its ends of `app_source` and `app_sink` are there, or do not matter.
  std::vector<Error> driver_failures = {};  ///< Of `search_drivers`; with some no device is asked.
};

/// Checks the graph file at `path` with the `--set` options of `arguments`, its model files and
/// `against`. What must stay secret is masked in the log from then on.
/// What is wrong with drivers is E038, before what is wrong in the file: `driver_failures`, and an
/// option that one which had to be started does not take. The file is checked without devices then.
/// Errors: `kInvalidArgument` for a wrong `--set`. What is wrong in the file is in the result.
Result<CheckedGraph> load_graph(const std::string& path,
                                const Arguments& arguments,
                                const CheckAgainst& against);

/// Returns what the program ends with after a check: `kExitUnavailable` if nothing is wrong but
/// that devices are not there, or models do not fit on them.
int exit_code_of(const CheckedGraph& checked);

/// Shows the diagnostics of `checked` on stderr, with colours where they are wanted.
void show_diagnostics(const CheckedGraph& checked);

}  // namespace penstock
