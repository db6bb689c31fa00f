#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "drivers/api/completion_queue.h"
#include "drivers/api/device_info.h"
#include "drivers/api/driver_calls.h"
#include "drivers/api/host_services.h"
#include "drivers/api/model_info.h"
#include "drivers/plugin/penstock_driver.h"
#include "engine/base/doorbell.h"
#include "engine/base/result.h"
#include "engine/tensor/feature_map.h"

namespace penstock {

namespace detail {
struct DriverCore;
struct DeviceCore;
struct ModelCore;
struct RequestCore;
struct ActivationCore;
}  // namespace detail

/// The room for one inference in flight on a loaded model; made once and used again and again.
///
/// States: idle -> in flight (`submit`) -> done (completion popped) -> idle.
/// Ownership: keeps its model, device and driver alive, and, while in flight, the memory it works
/// on. The destructor cancels what is in flight and waits for it: destroy requests where blocking
/// is allowed.
/// Thread-safety: one thread at a time; `cancel()` from any thread.
/// Cost: `submit` copies handles, never elements, and allocates nothing in the steady state.
class Request {
 public:
  Request(Request&&) noexcept;
  Request& operator=(Request&&) noexcept;
  ~Request();

  /// Starts an inference on the caller's memory; its completion carries `token`. Maps are bound to
  /// ports by position and must be dense. The memory of `outputs` must not be read before the
  /// completion was popped. On an error nothing was started and no completion comes.
  ///
  /// Errors: `kInvalidArgument` for a wrong number of maps, or a map whose type, shape or memory
  /// does not fit its port, naming the port; `kUnsupported` for a map with strides or in a kind of
  /// memory that the port does not take; `kUnavailable` if this request is still in flight, its
  /// completion was not popped yet, or the completion queue is gone; `kDeviceLost`, and what else
  /// the driver says.
  ///
  /// Of a model with buckets, the inputs run in the first that they fit into, and `outputs` must
  /// have its shapes (`choose_bucket`); smaller inputs are padded by the driver.
  /// `sub_devices` is a placement on which the model is resident; 0 lets the driver choose.
  /// `frames` is how many rows of the batch hold frames, for the driver's rates; 0: all.
  Status submit(std::span<const FeatureMap> inputs,
                std::span<const FeatureMap> outputs,
                std::uint64_t token,
                SubDeviceMask sub_devices = 0,
                std::uint32_t frames = 0);

  /// Asks to end early what is in flight; the completion still comes.
  void cancel() noexcept;

  /// Returns whether `submit` may be called: nothing in flight, nothing to be popped.
  [[nodiscard]] bool is_idle() const noexcept;

  /// Returns the shape that output `index` really had in the last inference: its map's shape, or
  /// less where the port has open extents: of a model with batch buckets, as many rows as its
  /// inputs had. Pre: completed since the last submit.
  [[nodiscard]] Shape output_shape(std::size_t index) const noexcept;

 private:
  friend class LoadedModel;
  explicit Request(std::unique_ptr<detail::RequestCore> core) noexcept;

  std::unique_ptr<detail::RequestCore> core_;
};

/// The room for one change of residence in flight; made once and used again and again.
///
/// States: idle -> in flight (`activate` or `deactivate`) -> done (completion popped) -> idle.
/// Ownership: keeps its model, device and driver alive. The destructor waits for what is in flight:
/// destroy where blocking is allowed. (A device that never answers must be reset first.)
/// Thread-safety: one thread at a time.
class Activation {
 public:
  Activation(Activation&&) noexcept;
  Activation& operator=(Activation&&) noexcept;
  ~Activation();

  /// Starts to make the model resident on one of its placements; the completion carries `token`,
  /// and the time that it took. On an error nothing was started and no completion comes.
  /// Errors: `kUnavailable` where a limit is reached, naming it, or this one is still in flight;
  /// `kInvalidArgument` for a set that is no placement; `kDeviceLost`.
  Status activate(SubDeviceMask sub_devices, std::uint64_t token);

  /// Starts to take the model away from a placement. As `activate`.
  Status deactivate(SubDeviceMask sub_devices, std::uint64_t token);

  [[nodiscard]] bool is_idle() const noexcept;

 private:
  friend class LoadedModel;
  explicit Activation(std::unique_ptr<detail::ActivationCore> core) noexcept;

  std::unique_ptr<detail::ActivationCore> core_;
};

/// A model that is loaded on a device.
///
/// Ownership: requests share it; the last of handle and requests unloads it, which may block.
/// Thread-safety: any thread.
class LoadedModel {
 public:
  LoadedModel(LoadedModel&&) noexcept;
  LoadedModel& operator=(LoadedModel&&) noexcept;
  ~LoadedModel();

  [[nodiscard]] const ModelInfo& info() const noexcept;

  [[nodiscard]] std::span<const TensorSpec> inputs() const noexcept { return info().inputs; }

  [[nodiscard]] std::span<const TensorSpec> outputs() const noexcept { return info().outputs; }

  /// Returns a port's spec in the form that feature maps share. Pre: `index` is a port.
  [[nodiscard]] std::shared_ptr<const TensorSpec> input_spec(std::size_t index) const;
  [[nodiscard]] std::shared_ptr<const TensorSpec> output_spec(std::size_t index) const;

  /// Makes a request that reports to `completions` and reserves one of its slots. May block.
  /// Errors: `kUnavailable` if the queue has no slot left or the driver no further request.
  Result<Request> create_request(CompletionQueue& completions);

  /// Makes room for one change of residence that reports to `completions` and reserves one of its
  /// slots. Works for models that need no activation too: such a change completes at once.
  /// Errors: `kUnavailable` if the queue has no slot left.
  Result<Activation> create_activation(CompletionQueue& completions);

 private:
  friend class Device;
  explicit LoadedModel(std::shared_ptr<detail::ModelCore> core) noexcept;

  std::shared_ptr<detail::ModelCore> core_;
};

/// An open device.
///
/// Ownership: models and requests share it; the last of them closes it, which may block. The
/// doorbell's context must live until then.
/// Thread-safety: any thread; `poll_event()` one at a time.
class Device {
 public:
  Device(Device&&) noexcept;
  Device& operator=(Device&&) noexcept;
  ~Device();

  [[nodiscard]] const DeviceInfo& info() const noexcept;

  /// Returns everything that stands against loading `path` with `options`; empty if it would load.
  /// May block. Errors: where the driver cannot find out.
  Result<std::vector<LoadObstacle>> explain(const std::string& path, const DriverOptions& options);

  /// Loads a model. May block for seconds.
  /// Errors: `kNotFound` no such file; `kCorrupt` not a whole model; `kUnsupported` not on this
  /// device; `kInvalidArgument` an option, naming it and the known ones; `kUnavailable` no room
  /// now.
  Result<LoadedModel> load(const std::string& path, const DriverOptions& options);

  /// Returns the oldest change of health; nothing if there is none.
  [[nodiscard]] std::optional<HealthEvent> poll_event();

  [[nodiscard]] std::vector<DeviceMetric> metrics() const;

  /// Reserves sub-devices with the driver, all or none; `release` and closing give them back. What
  /// keeps processes apart is `ClaimFile`, which comes first. May block.
  /// Errors: `kUnavailable`, naming the taken sub-device and its owner; `kInvalidArgument` for one
  /// that the device has not.
  Status claim(SubDeviceMask sub_devices);
  void release(SubDeviceMask sub_devices);

  /// Returns the settings, always in the same order; empty where the driver has none. May block.
  Result<std::vector<DeviceProperty>> properties() const;

  /// Sets a property of the device, or of one sub-device. Returns whether it is in force: false
  /// means pending, and the device's doorbell rings when it is. May block.
  /// Errors: `kInvalidArgument` for an unknown name (naming the known ones), a value out of range,
  /// or one that cannot be written.
  Result<bool> configure(const std::string& name,
                         const std::string& value,
                         std::int32_t sub_device = -1);

  /// Starts a reset; its course comes as health events. What is in flight completes with
  /// `kDeviceLost` before health is ok again; nothing is resident then, models and requests stay
  /// valid. Never blocks. Errors: `kUnsupported`: close the device and open it anew.
  Status reset();

 private:
  friend class Driver;
  explicit Device(std::shared_ptr<detail::DeviceCore> core) noexcept;

  std::shared_ptr<detail::DeviceCore> core_;
};

/// A driver, built in or loaded: a table of C functions behind our types.
///
/// Ownership: devices share it; the last of handle and devices ends it. Keeps the host alive.
/// Thread-safety: any thread.
class Driver {
 public:
  /// Starts the driver of `api`, which must stay loaded for as long as anything of it lives. May
  /// block.
  /// With `limits`, for a driver that is not trusted to come back, its short calls are made on
  /// threads of their own, and one that hangs is left there (`make_driver_call`, which says what
  /// that means for the end of the program): of it and of its devices.
  /// Errors: as `check_driver_table`; what the driver says; with limits here and below
  /// `kDeadlineExceeded`, naming call and limit, and `kUnavailable` for a driver that hangs
  /// already.
  static Result<Driver> create(const PenstockDriverApi& api,
                               std::shared_ptr<HostServices> host,
                               const DriverOptions& options = {},
                               std::optional<CallLimits> limits = std::nullopt);

  Driver(Driver&&) noexcept;
  Driver& operator=(Driver&&) noexcept;
  ~Driver();

  [[nodiscard]] const std::string& name() const noexcept;
  [[nodiscard]] const std::string& version() const noexcept;

  /// Returns the devices that are there now. May block.
  Result<std::vector<DeviceInfo>> enumerate() const;

  /// Reads inputs, outputs and properties of a model file without loading it. May block.
  /// Errors: as `Device::load`.
  Result<ModelInfo> inspect(const std::string& path) const;

  /// Opens a device; `health_changed` rings when `poll_event()` has something. May block.
  /// Errors: `kNotFound`, naming the devices that are there; `kUnavailable` if it is taken.
  Result<Device> open(const std::string& identity, Doorbell health_changed = {});

 private:
  explicit Driver(std::shared_ptr<detail::DriverCore> core) noexcept;

  std::shared_ptr<detail::DriverCore> core_;
};

}  // namespace penstock
