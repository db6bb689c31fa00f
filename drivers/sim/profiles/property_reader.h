#pragma once

#include <vector>

#include "drivers/api/device_info.h"
#include "drivers/sim/profiles/yaml_fields.h"

namespace penstock::sim {

/// Reads one item of a profile's `properties:` and reports, at its place, all that is wrong with
/// it: a name that every simulated device or one of `others` has (E002), a value, limits or choices
/// that do not go with its type (E013).
DeviceProperty read_property(YamlFields& fields, const std::vector<DeviceProperty>& others);

}  // namespace penstock::sim
