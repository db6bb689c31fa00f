#pragma once

#include <span>
#include <string>

namespace penstock {

/// `penstock models bench ...`: how many frames a second a model gets on a device, through the
/// devices' scheduler and a graph. `args` are the words behind `bench`. Returns the exit code.
int models_bench(std::span<const std::string> args);

/// What the help says of it.
extern const char* const kModelsBenchHelp;

}  // namespace penstock
