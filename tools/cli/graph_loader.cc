#include "tools/cli/graph_loader.h"

#include <algorithm>
#include <iostream>
#include <optional>
#include <vector>

#include "engine/base/log.h"
#include "engine/yaml/diagnostic_text.h"
#include "tools/cli/command.h"
#include "tools/cli/console.h"
#include "tools/compose/device_probe_adapter.h"
#include "tools/compose/model_probe_adapter.h"

namespace penstock {

Result<CheckedGraph> load_graph(const std::string& path,
                                const Arguments& arguments,
                                const CheckAgainst& against) {
  std::optional<Result<DriverSet>> drivers;
  std::optional<DeviceSelector> selector;
  const KnownDrivers known = against.drivers == nullptr ? KnownDrivers() : *against.drivers;
  const auto started = [&]() -> const Result<DriverSet>& {
    if (!drivers.has_value()) {
      drivers.emplace(start_drivers(known));
    }
    return *drivers;
  };
  const auto select = [&](const DeviceSpec& device) -> Result<DeviceChoice> {
    if (!started().has_value()) {
      return drivers->error();
    }
    if (!selector.has_value()) {
      selector.emplace(**drivers);
    }
    return selector->select(device);
  };
  DriverModelProbe models(start_model_reader, plugin_readers(known, started), kReaderAdvice);
  DriverDeviceProbe devices(select, names_of(known));
  CheckRequest request;
  request.registry = against.registry;
  request.models = &models;
  request.files = against.files;
  request.has_program = against.has_program;
  request.devices = against.drivers != nullptr && against.asks_devices ? &devices : nullptr;
  PENSTOCK_ASSIGN_OR_RETURN(request.set, parse_settings(arguments.values("--set")));
  CheckedGraph checked = check_graph_file(path, request);
  mask_in_log(checked.secrets);
  // The graph is not at fault for what the command line or the environment gives a driver.
  if (drivers.has_value() && !drivers->has_value() &&
      drivers->error().code == Errc::kInvalidArgument) {
    return drivers->error();
  }
  return checked;
}

int exit_code_of(const CheckedGraph& checked) {
  if (checked.spec.has_value()) {
    return kExitDone;
  }
  const bool is_wrong = std::any_of(
      checked.diagnostics.begin(), checked.diagnostics.end(), [](const Diagnostic& diagnostic) {
        return diagnostic.severity == Severity::kError && diagnostic.code != "E060" &&
               diagnostic.code != "E061";
      });
  return is_wrong ? kExitUsage : kExitUnavailable;
}

void show_diagnostics(const CheckedGraph& checked) {
  std::vector<const SourceText*> sources;
  for (const SourceText& source : checked.sources) {
    sources.push_back(&source);
  }
  std::cerr << diagnostics_text(
      checked.diagnostics, sources, {stderr_takes_colour(), checked.secrets});
}

}  // namespace penstock
