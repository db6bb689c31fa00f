#pragma once

#include "tools/cli/command.h"

namespace penstock {

/// The word `run`: checks a graph, loads its models, runs it to its end or to Ctrl-C.
Command run_command();

}  // namespace penstock
