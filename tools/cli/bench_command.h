#pragma once

#include "tools/cli/command.h"

namespace penstock {

/// Returns `penstock bench`.
Command bench_command();

}  // namespace penstock
