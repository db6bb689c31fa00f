#pragma once

#include <span>
#include <string>

#include "tools/cli/command.h"

namespace penstock {

/// Runs the word that `args` begins with (without the program's own name), and returns the exit
/// code.
///
/// `--help` anywhere before `--` shows the word's help instead. `--log-level LEVEL` and
/// `--log-json` belong to every word and are taken out of its arguments. A word that nobody knows
/// gets the nearest one.
int run_program(std::span<const Command> commands, std::span<const std::string> args);

}  // namespace penstock
