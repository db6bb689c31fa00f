#include "tools/fit/fit_device.h"

#include <algorithm>
#include <utility>

namespace penstock {

Result<DeviceSpec> fit_device(const GraphSpec& spec, const std::optional<std::string>& wanted) {
  const std::string kind = "sim";
  if (wanted.has_value()) {
    const auto colon = wanted->find(':');
    if (wanted->substr(0, colon) != kind) {
      return Error{Errc::kInvalidArgument,
                   "--device wants sim:PROFILE, such as sim:mx3, not '" + *wanted +
                       "': only simulated devices can be tried in virtual time"};
    }
    DeviceSpec device;
    device.name = kind;
    device.type = kind;
    device.profile = colon == std::string::npos ? std::string() : wanted->substr(colon + 1);
    return device;
  }
  const auto own = std::find_if(
      spec.devices.begin(), spec.devices.end(), [&](const auto& d) { return d.type == kind; });
  if (own == spec.devices.end()) {
    return Error{Errc::kInvalidArgument,
                 "graph '" + spec.name +
                     "' names no simulated device; name one: --device sim:mx3 (or metis, aries)"};
  }
  DeviceSpec device = *own;
  OptionValues kept;
  for (const std::string& name : own->options.names()) {
    if (name != "faults" && name != "compute") {
      kept.set(name, *own->options.find(name));
    }
  }
  device.options = std::move(kept);
  return device;
}

}  // namespace penstock
