#include "tools/cli/graph_loader.h"

#include <algorithm>
#include <iostream>
#include <optional>
#include <utility>
#include <vector>

#include "engine/base/log.h"
#include "engine/yaml/diagnostic_text.h"
#include "tools/cli/command.h"
#include "tools/cli/console.h"
#include "tools/compose/device_probe_adapter.h"
#include "tools/compose/model_probe_adapter.h"

namespace penstock {

namespace {

/// What came out of a check, and of starting drivers for it.
struct Attempt {
  CheckedGraph checked;
  std::optional<Error> refused;  ///< An option that a driver does not take.
};

/// Checks the file at `path` as `request` says, its models with `known`, and its devices too.
Attempt check_with(const std::string& path,
                   CheckRequest request,
                   const KnownDrivers& known,
                   bool asks_devices) {
  std::optional<Result<DriverSet>> drivers;
  std::optional<DeviceSelector> selector;
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
  request.models = &models;
  request.devices = asks_devices ? &devices : nullptr;
  Attempt attempt{check_graph_file(path, request), std::nullopt};
  if (drivers.has_value() && !drivers->has_value() &&
      drivers->error().code == Errc::kInvalidArgument) {
    attempt.refused = drivers->error();
  }
  return attempt;
}

/// Returns what `failure` is as a diagnostic: its place is the option or the variable that it
/// begins with.
Diagnostic diagnostic_of(const Error& failure) {
  Diagnostic diagnostic;
  diagnostic.code = "E038";
  diagnostic.message = failure.message;
  for (const char* source :
       {kDriverOption, kDriverVariable, kDriverSetting, kDriverSettingVariable}) {
    const std::string beginning = std::string(source) + ": ";
    if (failure.message.rfind(beginning, 0) == 0) {
      diagnostic.file = source;
      diagnostic.message.erase(0, beginning.size());
    }
  }
  return diagnostic;
}

void add_failures(const std::vector<Error>& failures, CheckedGraph& checked) {
  if (failures.empty()) {
    return;
  }
  std::vector<Diagnostic> all(failures.size());
  std::transform(failures.begin(), failures.end(), all.begin(), diagnostic_of);
  all.insert(all.end(), checked.diagnostics.begin(), checked.diagnostics.end());
  checked.diagnostics = std::move(all);
  checked.spec.reset();
}

}  // namespace

Result<CheckedGraph> load_graph(const std::string& path,
                                const Arguments& arguments,
                                const CheckAgainst& against) {
  const KnownDrivers known = against.drivers == nullptr ? KnownDrivers() : *against.drivers;
  std::vector<Error> failures = against.driver_failures;
  CheckRequest request;
  request.registry = against.registry;
  request.files = against.files;
  request.has_program = against.has_program;
  PENSTOCK_ASSIGN_OR_RETURN(request.set, parse_settings(arguments.values("--set")));
  const bool asks_devices = against.drivers != nullptr && against.asks_devices && failures.empty();
  Attempt attempt = check_with(path, request, known, asks_devices);
  if (attempt.refused.has_value()) {
    // The graph is not at fault for what the command line or the environment gives a driver.
    failures.push_back(*attempt.refused);
    attempt = check_with(path, request, without_options(known), false);
  }
  mask_in_log(attempt.checked.secrets);
  add_failures(failures, attempt.checked);
  return std::move(attempt.checked);
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
