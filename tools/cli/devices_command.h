#pragma once

#include "tools/cli/command.h"

namespace penstock {

/// Returns `penstock devices`.
Command devices_command();

}  // namespace penstock
