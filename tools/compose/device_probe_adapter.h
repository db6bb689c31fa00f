#pragma once

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "drivers/api/device_info.h"
#include "drivers/api/driver.h"
#include "drivers/api/driver_set.h"
#include "engine/base/result.h"
#include "engine/graph/device_probe.h"
#include "engine/graph/graph_spec.h"
#include "tools/compose/model_files.h"

namespace penstock {

/// Returns what the engine's checks want to know of a device.
DeviceFacts facts_of(const DeviceInfo& info, const std::vector<DeviceProperty>& properties);

/// Returns `obstacle` as the check sorts it. Drivers say "scales" where a model has none, and
/// "memory", "batch" or "models" where a limit is reached; all else is for ever.
LoadReason reason_of(const LoadObstacle& obstacle);

/// Asks devices through their drivers, for checking graphs against a machine.
///
/// The drivers are started by the first question: a graph without models waits for none. Devices
/// stay open, unclaimed, as long as the probe lives.
/// Thread-safety: one thread at a time.
class DriverDeviceProbe final : public DeviceProbe {
 public:
  /// Finds the device that an entry of `devices:` means.
  using Select = std::function<Result<DeviceChoice>(const DeviceSpec&)>;

  /// `drivers` are the names that an entry may choose from; none: it is not asked.
  explicit DriverDeviceProbe(Select select, std::vector<std::string> drivers = {})
      : select_(std::move(select)),
        drivers_(std::move(drivers)) {}

  [[nodiscard]] std::vector<std::string> drivers() const override { return drivers_; }

  Result<DeviceFacts> find(const DeviceSpec& device) override;
  Result<std::vector<LoadReason>> explain(const ModelSpec& model,
                                          const DeviceSpec& device) override;
  Result<std::uint64_t> kept_bytes(const ModelSpec& model, const DeviceSpec& device) override;

 private:
  Result<Device*> open(const DeviceSpec& device);

  Select select_;
  std::vector<std::string> drivers_;
  ModelFiles files_{ModelFiles::Kinds::kAny};  // What is none, its driver says.
  std::map<std::string, Device> devices_;      // By the name in the graph.
};

}  // namespace penstock
