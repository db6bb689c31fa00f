#pragma once

#include <optional>
#include <string>

#include "engine/base/result.h"
#include "engine/graph/graph_spec.h"

namespace penstock {

/// Returns the simulated device that a graph is tried on: `wanted`, as "sim:PROFILE" or "sim", or
/// the first simulated one that `spec` names. Of the latter its properties, sub-devices and seed
/// hold too, but not its faults.
/// Errors: `kInvalidArgument` if `wanted` is no simulated device, or nothing is named anywhere.
Result<DeviceSpec> fit_device(const GraphSpec& spec, const std::optional<std::string>& wanted);

}  // namespace penstock
