#pragma once

#include "tools/cli/command.h"

namespace penstock {

/// Returns `penstock actors`.
Command actors_command();

}  // namespace penstock
