#include "tools/cli/known_drivers.h"

#include <algorithm>
#include <cstdlib>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>

#include "drivers/api/steady_host.h"
#include "drivers/noop/noop_driver.h"
#include "drivers/openvino/openvino_driver.h"
#include "drivers/sim/sim_driver.h"
#include "engine/base/log.h"
#include "tools/compose/driver_options.h"

namespace penstock {
namespace {

LogLevel level_of(DriverLogLevel level) {
  switch (level) {
    case DriverLogLevel::kDebug:
      return LogLevel::kDebug;
    case DriverLogLevel::kInfo:
      return LogLevel::kInfo;
    case DriverLogLevel::kWarning:
      return LogLevel::kWarning;
    case DriverLogLevel::kError:
      break;
  }
  return LogLevel::kError;
}

std::shared_ptr<HostServices> make_host() {
  return std::make_shared<SteadyHost>(
      [](DriverLogLevel level, std::string_view text) { log(level_of(level), "driver", text); },
      &openvino_driver_api());
}

/// What `PENSTOCK_DRIVERS` names.
std::vector<std::string> files_of_environment() {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing sets variables
  const char* const value = std::getenv(kDriverVariable);
  std::vector<std::string> files;
  std::istringstream all(value == nullptr ? "" : value);
  for (std::string file; std::getline(all, file, ':');) {
    if (!file.empty()) {
      files.push_back(file);
    }
  }
  return files;
}

/// Loads the plug-in `file` and adds its driver, unless it is there already.
Status add_plugin(const std::string& file, Duration limit, KnownDrivers& drivers) {
  const std::string path = file.find('/') == std::string::npos ? "./" + file : file;
  PENSTOCK_ASSIGN_OR_RETURN(const PenstockDriverApi* const api, load_driver_plugin(path, limit));
  const auto other = std::find_if(drivers.begin(), drivers.end(), [&](const KnownDriver& driver) {
    return std::string_view(driver.api->name) == api->name;
  });
  if (other == drivers.end()) {
    drivers.push_back({api, path});
    return {};
  }
  if (other->api == api) {
    return {};  // The same file.
  }
  return Error{Errc::kInvalidArgument,
               "plug-in '" + path + "': its driver is called '" + api->name + "', as " +
                   (other->file.empty() ? "one that is linked in"
                                        : "that of plug-in '" + other->file + "'") +
                   " is; drivers are told apart by their names"};
}

}  // namespace

Result<KnownDrivers> find_drivers(const std::vector<std::string>& files, Duration limit) {
  KnownDrivers drivers = {
      {&openvino_driver_api(), {}}, {&sim_driver_api(), {}}, {&noop_driver_api(), {}}};
  for (const auto& [source, named] :
       {std::pair(kDriverOption, files), std::pair(kDriverVariable, files_of_environment())}) {
    for (const std::string& file : named) {
      if (const Status added = add_plugin(file, limit, drivers); !added.has_value()) {
        return added.error().within(source);
      }
    }
  }
  return drivers;
}

std::vector<std::string> names_of(const KnownDrivers& drivers) {
  std::vector<std::string> names;
  for (const KnownDriver& driver : drivers) {
    names.emplace_back(driver.api->name);
  }
  return names;
}

Result<DriverSet> start_drivers(const KnownDrivers& drivers) {
  const auto host = make_host();
  DriverSet started;
  for (const KnownDriver& known : drivers) {
    auto driver = Driver::create(*known.api, host);
    if (!driver.has_value()) {
      return driver.error().within("driver '" + std::string(known.api->name) + "'" +
                                   (known.file.empty() ? "" : " of plug-in '" + known.file + "'"));
    }
    PENSTOCK_RETURN_IF_ERROR(started.add(std::move(driver).value()));
  }
  return started;
}

std::function<std::vector<std::shared_ptr<Driver>>()> plugin_readers(
    const KnownDrivers& known, std::function<const Result<DriverSet>&()> start) {
  std::vector<std::string> names;
  for (const KnownDriver& driver : known) {
    if (!driver.file.empty()) {
      names.emplace_back(driver.api->name);
    }
  }
  if (names.empty()) {
    return nullptr;
  }
  return [names = std::move(names), start = std::move(start)] {
    std::vector<std::shared_ptr<Driver>> plugins;
    const Result<DriverSet>& started = start();
    for (const std::string& name : names) {
      if (started.has_value()) {
        plugins.push_back(started->find(name));
      }
    }
    return plugins;
  };
}

DeviceSelector::DeviceSelector(const DriverSet& drivers)
    : drivers_(drivers),
      simulated_([](const DriverOptions& options) {
        return Driver::create(sim_driver_api(), make_host(), options);
      }) {}

Result<DeviceChoice> DeviceSelector::select(const DeviceSpec& device) {
  return is_made_by_sim(device) ? simulated_.select(device)
                                : drivers_.select(device.type, device.id, device.driver);
}

Result<std::shared_ptr<Driver>> start_model_reader() {
  PENSTOCK_ASSIGN_OR_RETURN(Driver driver, Driver::create(openvino_driver_api(), make_host()));
  return std::make_shared<Driver>(std::move(driver));
}

}  // namespace penstock
