#pragma once

#include <string>

#include "engine/base/result.h"
#include "engine/graph/file_access.h"
#include "engine/graph/graph_checker.h"
#include "engine/graph/type_registry.h"
#include "tools/cli/arguments.h"

namespace penstock {

/// What a graph is checked against: what it names, or also the devices of this machine.
enum class CheckAgainst { kFiles, kMachine };

/// Checks the graph file at `path` with the `--set` options of `arguments`, against `registry`,
/// its model files and, where asked for, the devices of this machine. What must stay secret is
/// masked in the log from then on. Errors: `kInvalidArgument` for a wrong `--set`. What is wrong in
/// the file is in the result. `files` are looked at instead of this machine's, if given.
Result<CheckedGraph> load_graph(const std::string& path,
                                const Arguments& arguments,
                                const TypeRegistry& registry,
                                CheckAgainst against = CheckAgainst::kMachine,
                                const FileAccess* files = nullptr);

/// Returns what the program ends with after a check: `kExitUnavailable` if nothing is wrong but
/// that devices are not there, or models do not fit on them.
int exit_code_of(const CheckedGraph& checked);

/// Shows the diagnostics of `checked` on stderr, with colours where they are wanted.
void show_diagnostics(const CheckedGraph& checked);

}  // namespace penstock
