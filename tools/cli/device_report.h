#pragma once

#include <string>
#include <vector>

#include "drivers/api/driver_set.h"

namespace penstock {

/// Returns a line a device: identity, driver, memory, name, and whether it is only simulated.
std::string device_report_text(const std::vector<DeviceChoice>& devices);

/// Returns one line: `{"devices":[{"driver","identity","type","name","board","firmware",
/// "memory_bytes","simulated","sub_devices":[{"index","name","memory_bytes"}]}]}`.
std::string device_report_json(const std::vector<DeviceChoice>& devices);

}  // namespace penstock
