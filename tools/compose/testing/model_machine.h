#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "actors/running_pool.h"
#include "actors/workers.h"
#include "drivers/api/driver_set.h"
#include "drivers/api/steady_host.h"
#include "drivers/openvino/openvino_driver.h"
#include "engine/base/clock.h"
#include "engine/base/waiting_bell.h"
#include "engine/device/device_pool.h"
#include "engine/graph/graph_spec.h"
#include "tools/compose/model_loader.h"

namespace penstock::testing {

/// Returns a map of the tensor with memory of its own.
FeatureMap map_of(const std::shared_ptr<const TensorSpec>& spec);

/// One model on one device, behind the scheduler, at work on actors as in the program.
///
/// Thread-safety: one thread.
class ModelMachine {
 public:
  struct Words {
    std::string file;
    DeviceSpec device;
    std::int64_t batch = 1;
    DriverOptions simulation;
  };

  struct Answer {
    InferenceDone done;
    std::vector<std::vector<float>> outputs;
  };

  /// Loads the model; `status()` says how that went.
  explicit ModelMachine(const Words& words);

  ModelMachine(const ModelMachine&) = delete;
  ModelMachine& operator=(const ModelMachine&) = delete;
  ~ModelMachine() = default;

  [[nodiscard]] const Status& status() const { return status_; }

  [[nodiscard]] const ModelLoader::Loaded& loaded() const { return loaded_; }

  [[nodiscard]] PoolStatus pool_status() const { return pool_->pool().status(); }

  [[nodiscard]] std::uint32_t slots() const { return backend_->slots(); }

  /// Has all `inputs` in flight at once; returns the answers in their order.
  std::vector<Answer> run(const std::vector<FeatureMap>& inputs);

  /// Returns the values as what the model takes.
  [[nodiscard]] FeatureMap input(const std::vector<float>& values) const;

 private:
  [[nodiscard]] GraphSpec graph() const;
  Result<DeviceChoice> select(const DeviceSpec& device);

  const Words words_;
  const SteadyClock clock_;
  std::shared_ptr<SteadyHost> host_ = std::make_shared<SteadyHost>(
      [](DriverLogLevel /*level*/, std::string_view /*text*/) {}, &openvino_driver_api());
  WaitingBell bell_;
  Status status_;
  ModelLoader::Loaded loaded_;
  std::optional<actors::Workers> workers_;
  std::unique_ptr<actors::RunningPool> pool_;
  std::unique_ptr<InferenceBackend> backend_;
};

}  // namespace penstock::testing
