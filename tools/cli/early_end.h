#pragma once

#include <functional>
#include <string>

#include "tools/cli/stop_signals.h"

namespace penstock {

/// Returns what a `SignalWatch` does at a signal that comes before there is anything to be stopped:
/// it says in the log, as `place`, what drivers were at, and ends the program with `kExitKilled`.
/// A second signal does so at once, whatever hangs. `signals` outlives it.
std::function<void()> early_end(const StopSignals& signals, std::string place);

}  // namespace penstock
