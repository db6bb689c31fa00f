#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "drivers/api/driver.h"
#include "drivers/api/driver_adapter.h"
#include "drivers/api/model_info.h"
#include "drivers/api/shape_options.h"
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

  /// Loads a model in single precision, in one shape. Errors: as `Device::load`.
  Result<LoadedModel> load(const std::string& path, const ShapeChoice& choice);

  /// Returns what stands against loading a model in a shape. Errors: of `Device::explain`.
  Result<std::vector<LoadObstacle>> explain(const std::string& path, const ShapeChoice& choice);

  /// Describes the model in a shape. What it gives there, and with how much work, only a compiler
  /// can tell: it is compiled for that, and what was told is remembered for as long as the file
  /// stays as it is. Errors: as `load`.
  Result<ModelInfo> describe(const std::string& path, const ShapeChoice& choice);

 private:
  void remember(const std::string& key, const ModelInfo& info);

  std::mutex mutex_;
  std::map<std::string, ModelInfo> described_;
  Driver driver_;
  Device device_;
};

}  // namespace penstock::sim
