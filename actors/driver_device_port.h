#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "actors/disposal.h"
#include "drivers/api/completion_queue.h"
#include "drivers/api/driver.h"
#include "drivers/claims/claim_folder.h"
#include "engine/base/clock.h"
#include "engine/base/result.h"
#include "engine/device/device_port.h"

namespace penstock::actors {

/// A driver's device, as the pool wants to see it.
///
/// Packages are loaded while the graph is set up, so that what does not load is said before it
/// runs; after a fault that no reset cures the device is opened anew, and they are loaded again.
///
/// Closing waits for `close_limit` at most: a device that hangs and cannot be reset ends a change
/// of residence never. What does not end is left to a thread that owns it (`Disposal`): device,
/// models, changes, and the claim, so that nobody else takes a device that is still at work.
///
/// Ownership: shares the driver; slots share the models.
/// Thread-safety: `connect` and `load` by one thread, before the runner has it; then as
/// `DevicePort`.
class DriverDevicePort final : public DevicePort {
 public:
  /// One `properties:` entry: `sub_device` is -1 for the whole device.
  struct Setting {
    std::string name;
    std::string value;
    std::int32_t sub_device = -1;
  };

  struct Words {
    std::shared_ptr<Driver> driver;
    std::string identity;
    SubDeviceMask claim = 0;  ///< What this process wants to itself; 0: all, if there are any.
    /// Where processes tell each other what they have claimed; null: nobody else is asked.
    std::shared_ptr<const ClaimFolder> claims;
    std::vector<Setting> settings;
    /// How long the device may take to end what it was asked for when it is closed.
    Duration close_limit = std::chrono::seconds(10);
  };

  /// Opens the device, reserves its sub-devices and configures it. May block.
  /// Errors: of `Driver::open`, `ClaimFolder::claim`, `Device::claim` and `Device::configure`.
  static Result<std::unique_ptr<DriverDevicePort>> connect(Words words);
  ~DriverDevicePort() override;

  [[nodiscard]] const DeviceInfo& info() const noexcept { return info_; }

  /// Returns what stands against loading a model. May block. Errors: of `Device::explain`.
  Result<std::vector<LoadObstacle>> explain(const std::string& path, const DriverOptions& options);

  /// Loads a package. May block for seconds. Errors: of `Device::load`; `kUnavailable` if none of
  /// its placements lies on the claimed sub-devices.
  Result<std::shared_ptr<LoadedModel>> load(PackageNumber package,
                                            const std::string& path,
                                            const DriverOptions& options);

  /// Returns where a package can be, within what is claimed; none: the whole device. Pre: loaded.
  [[nodiscard]] std::vector<ModelPlacement> placements(PackageNumber package) const;

  Result<SlotsBySubDevice> open(std::span<const Doorbell> bells, Doorbell bell) override;
  Status change(const Lane& lane, bool resident, std::uint64_t token) override;
  [[nodiscard]] std::optional<InferenceDone> pop_change() override;
  Status reset() override;
  [[nodiscard]] std::optional<HealthChange> poll_health() override;
  [[nodiscard]] std::vector<DeviceFigure> figures() const override;
  /// Reads the device's property `self_test`: anything but "passed" is a failure. Pre: opened.
  [[nodiscard]] std::optional<SelfTest> self_test() override;

 private:
  /// Rings whoever is set, from the day the device was opened.
  class Bell {
   public:
    void set(Doorbell target);
    void ring();

   private:
    std::mutex mutex_;
    Doorbell target_;
  };

  struct Package {
    std::string path;
    DriverOptions options;
    std::shared_ptr<LoadedModel> model;
    std::optional<Activation> activation;
  };

  /// All that is open of the device. The last of it goes first.
  struct Holdings {
    std::shared_ptr<Bell> bell;
    std::optional<DeviceClaim> claim;
    std::shared_ptr<Device> device;
    std::vector<std::shared_ptr<LoadedModel>> models;
    std::vector<Activation> activations;
  };

  explicit DriverDevicePort(Words words) : words_(std::move(words)) {}

  Status open_device();
  std::shared_ptr<Holdings> give_up();
  Status load_again();
  Result<std::unique_ptr<ExecutionSlots>> make_slots(std::uint32_t lead, Doorbell bell);

  Words words_;
  DeviceInfo info_;
  std::optional<DeviceClaim> claim_;  // Kept while the device is opened anew.
  std::shared_ptr<Bell> bell_ = std::make_shared<Bell>();
  mutable std::mutex mutex_;  // Of the handle only: figures are asked for from anywhere.
  std::shared_ptr<Device> device_;
  std::map<PackageNumber, Package> packages_;
  std::optional<CompletionQueue> changes_;
  bool fresh_ = true;                // Opened by `connect`, not used yet.
  std::optional<Disposal> closing_;  // Of what was open before.
};

}  // namespace penstock::actors
