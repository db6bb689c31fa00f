#pragma once

#include <memory>
#include <string>

#include "drivers/api/driver.h"
#include "drivers/api/driver_adapter.h"
#include "drivers/api/model_info.h"
#include "engine/base/result.h"

namespace penstock::sim {

/// The driver that computes on the host for simulated devices, started when it is first needed.
/// Thread-safety: any thread.
class ReferenceDriver {
 public:
  /// Errors: `kUnsupported` where the host has none; what the driver says.
  static Result<std::shared_ptr<ReferenceDriver>> start(DriverHost host);

  ReferenceDriver(Driver driver, Device device)
      : driver_(std::move(driver)),
        device_(std::move(device)) {}

  /// Reads ports and work of a model file. Errors: as `Driver::inspect`.
  [[nodiscard]] Result<ModelInfo> inspect(const std::string& path) const {
    return driver_.inspect(path);
  }

  /// Loads a model in single precision. `options` may hold `batch` and `shape.N`.
  /// Errors: as `Device::load`.
  Result<LoadedModel> load(const std::string& path, DriverOptions options);

 private:
  Driver driver_;
  Device device_;
};

}  // namespace penstock::sim
