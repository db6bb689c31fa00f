#pragma once

#include <chrono>
#include <string>

#include "drivers/plugin/penstock_driver.h"
#include "engine/base/clock.h"
#include "engine/base/result.h"

namespace penstock {

/// How long a plug-in may take to load: it starts nothing yet, so this is long.
constexpr Duration kPluginLimit = std::chrono::seconds(10);

/// Loads a driver plug-in and returns its table, for `Driver::create`. It is probed first in a
/// child process (`probe_driver_plugin`: read there what a fork in a threaded process means). What
/// differs in this process from the child, in a library that minds its process id for example, can
/// still crash.
///
/// Ownership: the table lives until the process ends. A library is never unloaded: its threads, its
/// thread-local objects and what it registered with others could be called when it is gone.
/// Thread-safety: any thread; best before the program starts its threads. May block up to `limit`.
/// Errors: as `probe_driver_plugin`.
Result<const PenstockDriverApi*> load_driver_plugin(const std::string& path,
                                                    Duration limit = kPluginLimit);

}  // namespace penstock
