#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "drivers/api/driver.h"
#include "drivers/api/driver_set.h"
#include "drivers/api/model_info.h"
#include "engine/base/result.h"
#include "engine/graph/graph_spec.h"

namespace penstock {

/// Makes the simulated devices that a graph asks for: each entry of `devices:` with `type: sim` has
/// a device of its own, with its own profile, seed and faults.
///
/// Devices of one profile are counted: the first entry without an `id` gets "mx3-0", the next
/// "mx3-1". So they are the same in every process, and their claims keep processes apart as those
/// of real ones do. An entry without a profile means the first that comes with the program.
///
/// Ownership: shares the drivers that it started with what it returns.
/// Thread-safety: one thread at a time.
class SimulatedDevices {
 public:
  static constexpr int kMostOfAProfile = 16;

  /// Starts the driver of simulated devices with options of its own.
  using Start = std::function<Result<Driver>(const DriverOptions&)>;

  explicit SimulatedDevices(Start start) : start_(std::move(start)) {}

  /// Returns the device of the entry `device`; the same for the same name. Pre: its type is sim.
  /// Errors: `kNotFound` for an id that no device of the profile has, or a profile that cannot be
  /// read; `kUnavailable` if another entry has the device; of the driver.
  Result<DeviceChoice> select(const DeviceSpec& device);

 private:
  struct Found {
    std::string profile;
    std::string identity;
    int index = 0;
  };

  Result<Found> find(const DeviceSpec& device);
  Result<std::vector<std::string>> identities_of(const std::string& profile);

  Start start_;
  std::map<std::string, DeviceChoice> chosen_;  // By the name in the graph.
};

}  // namespace penstock
