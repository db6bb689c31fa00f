#pragma once

#include <string>

#include "drivers/plugin/penstock_driver.h"
#include "engine/base/result.h"

namespace penstock {

/// How far the loading of a plug-in has come; the child of a probe tells it to its parent.
enum class PluginStage : char { kLoading = 'l', kEntry = 'e', kTable = 't' };

/// Loads the library into this process, calls its entry and checks the table; tells `reached` each
/// stage before it begins. The library is never unloaded. For the probe's child and the loader.
/// Errors: as `probe_driver_plugin`, but for what ends the process.
Result<const PenstockDriverApi*> open_plugin_table(const std::string& path,
                                                   void (*reached)(PluginStage stage));

}  // namespace penstock
