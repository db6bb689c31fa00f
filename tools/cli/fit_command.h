#pragma once

#include "tools/cli/command.h"

namespace penstock {

/// Returns `penstock fit`.
Command fit_command();

}  // namespace penstock
