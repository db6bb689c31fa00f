#pragma once

#include <string>
#include <vector>

#include "drivers/api/driver_set.h"
#include "tools/cli/device_access.h"

namespace penstock {

/// Returns a line a device: identity, driver, memory, name, whether it is only simulated, and which
/// of its sub-devices are in use by whom.
std::string device_report_text(const std::vector<DeviceChoice>& devices);

/// Returns one line: `{"devices":[{"driver","identity","type","name","board","firmware",
/// "memory_bytes","shared_memory_bytes","max_resident","simulated","sub_devices":[{"index","name",
/// "memory_bytes","group","in_use","in_use_by"}]}]}`.
std::string device_report_json(const std::vector<DeviceChoice>& devices);

/// Everything that a device says of itself, at one moment.
struct DevicePortrait {
  DeviceChoice choice;
  HealthEvent health;
  std::vector<DeviceProperty> properties;
  std::vector<DeviceMetric> metrics;
};

/// Returns what `penstock devices show` prints: identity, memory, health, sub-devices with who uses
/// them, properties with their ranges and what is pending, metrics.
std::string device_portrait_text(const DevicePortrait& portrait);

/// Returns the same as one line of JSON: an entry of `device_report_json` with "health":{"state",
/// "reason"}, "properties":[{"name","sub_device","type","value","unit","writable","pending",
/// "pending_value","minimum","maximum","step","choices","help"}], "metrics":[{"name","sub_device",
/// "value","unit"}].
std::string device_portrait_json(const DevicePortrait& portrait);

/// Returns what `penstock devices watch` prints once a second: health and metrics in one line, and
/// whether the device is simulated. `time` is that of day, for people; JSON: {"time","identity",
/// "simulated","health","reason","metrics"}.
std::string device_figures_text(const DevicePortrait& portrait, const std::string& time);
std::string device_figures_json(const DevicePortrait& portrait, const std::string& time);

/// Returns "clock: 800 -> 400 MHz, pending for 1.2 s"; JSON: {"identity","simulated",
/// "before","after","was_pending","seconds"}.
std::string property_change_text(const PropertyChange& change);
std::string property_change_json(const DeviceInfo& info, const PropertyChange& change);

}  // namespace penstock
