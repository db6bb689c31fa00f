#pragma once

#include "tools/cli/command.h"

namespace penstock {

/// Returns `penstock version`.
Command version_command();

}  // namespace penstock
