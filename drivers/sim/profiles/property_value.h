#pragma once

#include <string>

#include "drivers/api/device_info.h"

namespace penstock::sim {

/// Whether a property's numbers are limited: both ends are known.
bool has_range(const DeviceProperty& property) noexcept;

/// Returns the rule of `property` that `value` breaks ("must be one of 200, 400"); empty if it is
/// one of its values.
std::string broken_rule(const DeviceProperty& property, const std::string& value);

}  // namespace penstock::sim
