#pragma once

#include "tools/cli/command.h"

namespace penstock {

/// Returns `penstock schema`.
Command schema_command();

}  // namespace penstock
