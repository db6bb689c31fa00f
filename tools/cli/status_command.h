#pragma once

#include "tools/cli/command.h"

namespace penstock {

/// Returns the word `status`: what running graphs do, once.
Command status_command();

/// Returns the word `top`: what a running graph does, once a second.
Command top_command();

}  // namespace penstock
