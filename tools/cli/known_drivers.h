#pragma once

#include <memory>
#include <vector>

#include "drivers/api/driver.h"
#include "drivers/api/driver_set.h"
#include "drivers/plugin/penstock_driver.h"
#include "engine/base/result.h"
#include "engine/graph/graph_spec.h"
#include "tools/compose/simulated_devices.h"

namespace penstock {

/// Returns the drivers that this program is linked with, in order of preference, not started.
std::vector<const PenstockDriverApi*> linked_drivers();

/// Starts all of them; what they log goes to the log of this process. May block.
/// Errors: of the first driver that does not start.
Result<DriverSet> start_drivers();

/// Finds the device that an entry of `devices:` means. Simulated ones are made as their entries
/// say, and kept: an entry means the same device every time.
///
/// Thread-safety: one thread at a time.
class DeviceSelector {
 public:
  /// `drivers` outlives it.
  explicit DeviceSelector(const DriverSet& drivers);

  /// May block. Errors: of `DriverSet::select` and `SimulatedDevices::select`.
  Result<DeviceChoice> select(const DeviceSpec& device);

 private:
  const DriverSet& drivers_;
  SimulatedDevices simulated_;
};

/// Starts the one that reads model files. May block.
Result<std::shared_ptr<Driver>> start_model_reader();

}  // namespace penstock
