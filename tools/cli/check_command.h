#pragma once

#include "tools/cli/command.h"

namespace penstock {

/// Returns `penstock check`.
Command check_command();

}  // namespace penstock
