#include "tools/cli/known_drivers.h"

#include <string_view>

#include "drivers/api/steady_host.h"
#include "drivers/noop/noop_driver.h"
#include "drivers/openvino/openvino_driver.h"
#include "drivers/sim/sim_driver.h"
#include "engine/base/log.h"

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

}  // namespace

std::vector<const PenstockDriverApi*> linked_drivers() {
  return {&openvino_driver_api(), &sim_driver_api(), &noop_driver_api()};
}

Result<DriverSet> start_drivers() {
  const auto host = make_host();
  DriverSet drivers;
  for (const PenstockDriverApi* api : linked_drivers()) {
    PENSTOCK_ASSIGN_OR_RETURN(Driver driver, Driver::create(*api, host));
    PENSTOCK_RETURN_IF_ERROR(drivers.add(std::move(driver)));
  }
  return drivers;
}

DeviceSelector::DeviceSelector(const DriverSet& drivers)
    : drivers_(drivers),
      simulated_([](const DriverOptions& options) {
        return Driver::create(sim_driver_api(), make_host(), options);
      }) {}

Result<DeviceChoice> DeviceSelector::select(const DeviceSpec& device) {
  return device.type == to_string(DeviceKind::kSim) ? simulated_.select(device)
                                                    : drivers_.select(device.type, device.id);
}

Result<std::shared_ptr<Driver>> start_model_reader() {
  PENSTOCK_ASSIGN_OR_RETURN(Driver driver, Driver::create(openvino_driver_api(), make_host()));
  return std::make_shared<Driver>(std::move(driver));
}

}  // namespace penstock
