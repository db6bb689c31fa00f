#pragma once

#include "tools/cli/command.h"

namespace penstock {

/// Returns `penstock graph`.
Command graph_command();

}  // namespace penstock
