#include "drivers/loader/plugin_loader.h"

#include "drivers/loader/plugin_probe.h"
#include "drivers/loader/plugin_table.h"

namespace penstock {

Result<const PenstockDriverApi*> load_driver_plugin(const std::string& path, Duration limit) {
  PENSTOCK_RETURN_IF_ERROR(probe_driver_plugin(path, limit));
  auto table = open_plugin_table(path, [](PluginStage /*stage*/) {});
  if (!table.has_value()) {
    return table.error().within("plug-in '" + path + "'");
  }
  return table;
}

}  // namespace penstock
