#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "drivers/api/driver.h"
#include "drivers/api/driver_adapter.h"
#include "drivers/sim/load_options.h"
#include "drivers/sim/load_plan.h"
#include "drivers/sim/reference_driver.h"
#include "drivers/sim/shape_plan.h"
#include "drivers/sim/sim_state.h"

namespace penstock::sim {

/// What all devices of one driver share.
struct SimDefaults {
  bool computes = true;
  bool is_virtual = false;
};

/// Starts the reference driver for the first who asks.
class ReferenceSource {
 public:
  explicit ReferenceSource(DriverHost host) : host_(host) {}

  Result<std::shared_ptr<ReferenceDriver>> get();

 private:
  DriverHost host_;
  std::mutex mutex_;
  std::shared_ptr<ReferenceDriver> driver_;
};

/// A handle to a simulated device.
class SimDevice final : public DeviceBase {
 public:
  SimDevice(std::shared_ptr<SimState> state,
            std::shared_ptr<ReferenceSource> references,
            SimDefaults defaults,
            Doorbell bell);

  Result<std::vector<LoadObstacle>> explain(const std::string& path,
                                            const DriverOptions& options) override;
  Result<std::unique_ptr<ModelBase>> load(const std::string& path,
                                          const DriverOptions& options) override;

  std::optional<HealthEvent> poll_event() override { return handle_.poll_event(); }

  std::vector<DeviceMetric> metrics() override { return handle_.state().metrics(); }

  Status claim(SubDeviceMask sub_devices) override { return handle_.claim(sub_devices); }

  void release(SubDeviceMask sub_devices) override { handle_.release(sub_devices); }

  std::vector<DeviceProperty> properties() override { return handle_.state().properties(); }

  Result<bool> configure(const std::string& name,
                         const std::string& value,
                         std::int32_t sub_device) override {
    return handle_.state().configure(name, value, sub_device);
  }

  Status reset() override {
    handle_.state().reset();
    return {};
  }

 private:
  /// Returns ports and amounts of what the options and the file describe, for each shape, the
  /// smallest first.
  Result<std::vector<ShapedModel>> describe(const std::string& path, const LoadOptions& options);

  /// Loads on the host what computes each shape, and describes it in `models`.
  Result<std::vector<std::shared_ptr<LoadedModel>>> load_references(
      const std::string& path, const LoadOptions& options, std::vector<ShapedModel>& models);

  /// Says before anything is compiled what stands against a load that computes.
  Status check_first(const std::string& path, const LoadOptions& options);
  Result<std::vector<LoadObstacle>> explain_batches(const std::string& path,
                                                    const LoadOptions& options);

  SimState::Handle handle_;
  std::shared_ptr<ReferenceSource> references_;
  SimDefaults defaults_;
};

}  // namespace penstock::sim
