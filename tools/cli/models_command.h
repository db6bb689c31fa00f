#pragma once

#include "tools/cli/command.h"

namespace penstock {

/// Returns `penstock models`.
Command models_command();

}  // namespace penstock
