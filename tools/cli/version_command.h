#pragma once

#include "tools/cli/command.h"

namespace penstock {

/// Returns `penstock version`.
Command version_command();

/// Returns the version of the program: "0.1.0".
const char* program_version() noexcept;

}  // namespace penstock
