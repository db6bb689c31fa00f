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
  Status submit(std::span<const FeatureMap> inputs,
                std::span<const FeatureMap> outputs,
                std::uint64_t token);

  /// Asks to end early what is in flight; the completion still comes.
  void cancel() noexcept;

  /// Returns whether `submit` may be called: nothing in flight, nothing to be popped.
  [[nodiscard]] bool is_idle() const noexcept;

  /// Returns the shape that output `index` really had in the last inference: its map's shape, or
  /// less where the port has open extents. Pre: completed since the last submit.
  [[nodiscard]] Shape output_shape(std::size_t index) const noexcept;

 private:
  friend class LoadedModel;
  explicit Request(std::unique_ptr<detail::RequestCore> core) noexcept;

  std::unique_ptr<detail::RequestCore> core_;
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
  /// Errors: `kUnsupported` for another major version of the ABI or a table that is too short; what
  /// the driver says.
  static Result<Driver> create(const PenstockDriverApi& api,
                               std::shared_ptr<HostServices> host,
                               const DriverOptions& options = {});

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
