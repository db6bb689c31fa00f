#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "drivers/api/abi_convert.h"
#include "drivers/api/completion_core.h"
#include "drivers/api/device_info.h"
#include "drivers/api/driver_calls.h"
#include "drivers/api/host_services.h"
#include "drivers/api/model_info.h"
#include "drivers/plugin/penstock_driver.h"
#include "engine/base/doorbell.h"
#include "engine/base/result.h"

/// What the handles of driver.h share; not for users of drivers.
namespace penstock {
namespace detail {

/// Gives a driver its host in the form of the ABI.
class HostTable {
 public:
  explicit HostTable(std::shared_ptr<HostServices> services) : services_(std::move(services)) {
    table_.size = sizeof(table_);
    table_.context = services_.get();
    table_.log = [](void* context, std::int32_t level, const char* text) {
      const auto known = std::clamp(level, PENSTOCK_LOG_DEBUG, PENSTOCK_LOG_ERROR);
      of(context).log(static_cast<DriverLogLevel>(known), abi::text_of(text));
    };
    table_.now_ns = [](void* context) -> std::int64_t {
      return of(context).now().time_since_epoch().count();
    };
    table_.call_at = [](void* context,
                        std::int64_t when_ns,
                        void (*function)(void*),
                        void* argument) -> std::uint64_t {
      return of(context).call_at(TimePoint(Duration(when_ns)), function, argument);
    };
    table_.cancel_call = [](void* context, std::uint64_t ticket) -> std::int32_t {
      return of(context).cancel_call(ticket) ? 1 : 0;
    };
    table_.reference_driver = [](void* context) { return of(context).reference_driver(); };
  }

  [[nodiscard]] const PenstockHost& get() const noexcept { return table_; }

  [[nodiscard]] HostServices& services() const noexcept { return *services_; }

 private:
  static HostServices& of(void* context) { return *static_cast<HostServices*>(context); }

  std::shared_ptr<HostServices> services_;
  PenstockHost table_{};
};

struct DriverCore {
  DriverCore(const PenstockDriverApi& driver_api,
             std::shared_ptr<HostServices> services,
             std::optional<CallLimits> call_limits)
      : api(driver_api),
        host(std::make_shared<const HostTable>(std::move(services))),
        limits(call_limits),
        name(abi::text_of(driver_api.name)),
        version(abi::shown_text(driver_api.version)) {}

  DriverCore(const DriverCore&) = delete;
  DriverCore& operator=(const DriverCore&) = delete;

  ~DriverCore() {
    if (driver != nullptr) {
      close("'destroy'", [&table = api, doomed = driver, kept = host] { table.destroy(doomed); });
    }
  }

  /// Makes a call that answers soon. `body` holds all that it uses.
  /// Errors: as `make_driver_call`.
  Status call(const std::string& text, std::function<void()> body) const {
    return make_driver_call(
        {name, text}, limits ? std::optional(limits->answer) : std::nullopt, std::move(body));
  }

  /// Makes a call that may rightly take long.
  void work(const std::string& text, const std::function<void()>& body) const {
    // Without a limit it always comes back.
    [[maybe_unused]] const Status made = make_driver_call({name, text}, std::nullopt, body);
  }

  /// Makes a call that ends something, and logs when it hangs. Returns whether it came back.
  bool close(const std::string& text, std::function<void()> body) const {
    const Status made = make_driver_call(
        {name, text}, limits ? std::optional(limits->close) : std::nullopt, std::move(body));
    if (!made.has_value()) {
      host->services().log(DriverLogLevel::kWarning,
                           made.error().within("driver '" + name + "'").message);
    }
    return made.has_value();
  }

  const PenstockDriverApi& api;
  std::shared_ptr<const HostTable> host;  // Of calls that were left, too.
  std::optional<CallLimits> limits;       // None: the driver is trusted to come back.
  std::string name;
  std::string version;
  PenstockDriver* driver = nullptr;
};

/// Rings whoever listens to a device's health. Outlives the device where the driver hangs in it.
class HealthBell {
 public:
  explicit HealthBell(Doorbell target) : target_(target) {}

  void ring() {
    const std::lock_guard lock(mutex_);
    target_.ring();
  }

  /// Nobody is rung when this has returned.
  void silence() {
    const std::lock_guard lock(mutex_);
    target_ = {};
  }

 private:
  std::mutex mutex_;
  Doorbell target_;
};

struct DeviceCore {
  DeviceCore(std::shared_ptr<DriverCore> owner, DeviceInfo shown, Doorbell health_changed)
      : driver(std::move(owner)),
        info(std::move(shown)),
        bell(std::make_shared<HealthBell>(health_changed)) {}

  DeviceCore(const DeviceCore&) = delete;
  DeviceCore& operator=(const DeviceCore&) = delete;

  ~DeviceCore() {
    if (device != nullptr && !driver->close("'close_device' of device '" + info.identity + "'",
                                            [kept = driver, doomed = device, rung = bell] {
                                              kept->api.close_device(doomed);
                                            })) {
      bell->silence();
    }
  }

  std::shared_ptr<DriverCore> driver;
  PenstockDevice* device = nullptr;
  DeviceInfo info;
  std::shared_ptr<HealthBell> bell;
};

struct ModelCore {
  explicit ModelCore(std::shared_ptr<DeviceCore> owner) : device(std::move(owner)) {}

  ModelCore(const ModelCore&) = delete;
  ModelCore& operator=(const ModelCore&) = delete;

  ~ModelCore() {
    if (model != nullptr) {
      device->driver->api.unload(model);
    }
  }

  [[nodiscard]] const PenstockDriverApi& api() const noexcept { return device->driver->api; }

  std::shared_ptr<DeviceCore> device;
  PenstockModel* model = nullptr;
  ModelInfo info;
  std::string path;  // For messages; empty where the model is made by options alone.
};

struct RequestCore {
  RequestCore(std::shared_ptr<ModelCore> owner,
              std::shared_ptr<CompletionCore> queue,
              CompletionSlot& reserved)
      : model(std::move(owner)),
        completions(std::move(queue)),
        slot(reserved),
        inputs(model->info.inputs.size()),
        outputs(model->info.outputs.size()) {
    slot.driver = model->device->driver->name;
    slot.held.reserve(inputs.size() + outputs.size());
    shapes.reserve(inputs.size());
    job.size = sizeof(job);
    job.input_count = static_cast<std::uint32_t>(inputs.size());
    job.output_count = static_cast<std::uint32_t>(outputs.size());
    job.inputs = inputs.data();
    job.outputs = outputs.data();
    job.completion = &slot.completion;
  }

  RequestCore(const RequestCore&) = delete;
  RequestCore& operator=(const RequestCore&) = delete;

  ~RequestCore() {
    if (request != nullptr) {
      model->api().destroy_request(request);
    }
    completions->release(slot);
  }

  std::shared_ptr<ModelCore> model;
  std::shared_ptr<CompletionCore> completions;
  CompletionSlot& slot;
  std::vector<PenstockTensor> inputs;
  std::vector<PenstockTensor> outputs;
  std::vector<Shape> shapes;  // Of the inputs, while their bucket is looked for.
  PenstockJob job{};
  PenstockRequest* request = nullptr;
};

struct ActivationCore {
  ActivationCore(std::shared_ptr<ModelCore> owner,
                 std::shared_ptr<CompletionCore> queue,
                 CompletionSlot& reserved)
      : model(std::move(owner)),
        completions(std::move(queue)),
        slot(reserved) {
    slot.driver = model->device->driver->name;
  }

  ActivationCore(const ActivationCore&) = delete;
  ActivationCore& operator=(const ActivationCore&) = delete;

  ~ActivationCore() {
    slot.state.wait(SlotState::kInFlight);
    completions->release(slot);
  }

  std::shared_ptr<ModelCore> model;
  std::shared_ptr<CompletionCore> completions;
  CompletionSlot& slot;
};

/// Reserves a slot for a request or an activation.
/// Errors: `kUnavailable` if none is left.
Result<CompletionSlot*> reserve_slot(CompletionCore& completions);

/// Checks that a model can be resident on `sub_devices`; where it shows no placements it is on the
/// whole device, and any set will do. Errors: `kInvalidArgument`, naming the placements.
Status check_placement(const ModelInfo& model, SubDeviceMask sub_devices);

inline PenstockError empty_error() {
  PenstockError error{};
  error.size = sizeof(error);
  return error;
}

}  // namespace detail
}  // namespace penstock
