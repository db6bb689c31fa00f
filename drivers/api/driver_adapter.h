#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "drivers/api/abi_convert.h"
#include "drivers/api/device_info.h"
#include "drivers/api/host_services.h"
#include "drivers/api/model_info.h"
#include "drivers/plugin/penstock_driver.h"
#include "engine/base/doorbell.h"
#include "engine/base/result.h"

/// Lets a driver be written as C++ classes: derive from the four bases and hand the maker of the
/// first to `make_driver_api`. What the classes throw ends at this border as `kInternal`.
/// drivers/noop is the example.
namespace penstock {

/// The host as a driver sees it. Copies are cheap; valid until the driver is destroyed.
class DriverHost {
 public:
  explicit DriverHost(const PenstockHost& host) : host_(&host) {}

  void log(DriverLogLevel level, const std::string& text) const {
    host_->log(host_->context, static_cast<std::int32_t>(level), text.c_str());
  }

  [[nodiscard]] std::int64_t now_ns() const noexcept { return host_->now_ns(host_->context); }

  /// See `PenstockHost::call_at`.
  std::uint64_t call_at(std::int64_t when_ns,
                        void (*function)(void*),
                        void* argument) const noexcept {
    return host_->call_at(host_->context, when_ns, function, argument);
  }

  /// See `PenstockHost::cancel_call`.
  bool cancel_call(std::uint64_t ticket) const noexcept {
    return host_->cancel_call(host_->context, ticket) != 0;
  }

  /// The driver that computes on the host, or null. See `PenstockHost::reference_driver`.
  [[nodiscard]] const PenstockDriverApi* reference_driver() const noexcept;

 private:
  const PenstockHost* host_;
};

/// One inference that a driver was given. A view: valid until `complete` was called, which must
/// happen exactly once after a `submit` that succeeded.
class Job {
 public:
  Job() = default;

  explicit Job(const PenstockJob& job) : job_(&job) {}

  [[nodiscard]] std::size_t input_count() const noexcept { return job_->input_count; }

  [[nodiscard]] std::size_t output_count() const noexcept { return job_->output_count; }

  [[nodiscard]] const PenstockTensor& input(std::size_t index) const noexcept {
    return abi::item_at(job_->inputs, index);
  }

  [[nodiscard]] PenstockTensor& output(std::size_t index) const noexcept {
    return abi::item_at(job_->outputs, index);
  }

  /// The placement to run on; 0 where the driver chooses.
  [[nodiscard]] SubDeviceMask sub_devices() const noexcept;

  /// How many rows of its batch hold frames; 0 where nobody says.
  [[nodiscard]] std::uint32_t frames() const noexcept;

  /// Writes the caller's slot and calls back. Never fails, never allocates.
  void complete(Errc code,
                std::string_view message = {},
                std::int64_t device_ns = 0) const noexcept;

 private:
  const PenstockJob* job_ = nullptr;
};

/// A change of residence that a driver was asked for. A view, as `Job`.
class Change {
 public:
  Change() = default;

  explicit Change(PenstockCompletion* completion) : completion_(completion) {}

  /// Writes the caller's slot and calls back; exactly once. Never fails, never allocates.
  void complete(Errc code,
                std::string_view message = {},
                std::int64_t device_ns = 0) const noexcept;

 private:
  PenstockCompletion* completion_ = nullptr;
};

/// Room for one inference in flight. The destructor cancels what is in flight and waits until it
/// has completed.
class RequestBase {
 public:
  RequestBase() = default;
  RequestBase(const RequestBase&) = delete;
  RequestBase& operator=(const RequestBase&) = delete;
  virtual ~RequestBase() = default;

  /// Starts `job`, or refuses it with an error and forgets it. Never blocks. May complete it before
  /// it returns.
  virtual Status submit(Job job) = 0;

  /// Makes what is in flight end early, if anything is. Never blocks; from any thread.
  virtual void cancel() noexcept = 0;
};

/// A loaded model; the destructor unloads it.
class ModelBase {
 public:
  ModelBase() = default;
  ModelBase(const ModelBase&) = delete;
  ModelBase& operator=(const ModelBase&) = delete;
  virtual ~ModelBase() = default;

  [[nodiscard]] virtual const ModelInfo& info() const noexcept = 0;
  virtual Result<std::unique_ptr<RequestBase>> create_request() = 0;

  /// Starts a change of residence, or refuses it and forgets it. Never blocks. A model that is
  /// always resident completes at once.
  virtual Status activate(SubDeviceMask /*sub_devices*/, Change change) {
    change.complete(Errc::kOk);
    return {};
  }

  virtual Status deactivate(SubDeviceMask /*sub_devices*/, Change change) {
    change.complete(Errc::kOk);
    return {};
  }
};

/// An open device; the destructor closes it.
class DeviceBase {
 public:
  DeviceBase() = default;
  DeviceBase(const DeviceBase&) = delete;
  DeviceBase& operator=(const DeviceBase&) = delete;
  virtual ~DeviceBase() = default;

  virtual Result<std::vector<LoadObstacle>> explain(const std::string& path,
                                                    const DriverOptions& options) = 0;
  virtual Result<std::unique_ptr<ModelBase>> load(const std::string& path,
                                                  const DriverOptions& options) = 0;

  virtual std::optional<HealthEvent> poll_event() { return std::nullopt; }

  virtual std::vector<DeviceMetric> metrics() { return {}; }

  virtual Status claim(SubDeviceMask /*sub_devices*/) { return {}; }

  virtual void release(SubDeviceMask /*sub_devices*/) {}

  virtual std::vector<DeviceProperty> properties() { return {}; }

  /// Returns whether the value is in force; false: pending, ring the doorbell when it is.
  virtual Result<bool> configure(const std::string& name,
                                 const std::string& value,
                                 std::int32_t sub_device);

  /// Starts a reset; see `PenstockDriverApi::reset`. Never blocks.
  virtual Status reset() { return Error{Errc::kUnsupported, "this device cannot be reset"}; }
};

/// A driver.
class DriverBase {
 public:
  DriverBase() = default;
  DriverBase(const DriverBase&) = delete;
  DriverBase& operator=(const DriverBase&) = delete;
  virtual ~DriverBase() = default;

  virtual Result<std::vector<DeviceInfo>> enumerate() = 0;
  virtual Result<ModelInfo> inspect(const std::string& path) = 0;
  virtual Result<std::unique_ptr<DeviceBase>> open(const std::string& identity,
                                                   Doorbell health_changed) = 0;
};

/// Starts a driver; the host outlives it.
using DriverMaker = Result<std::unique_ptr<DriverBase>> (*)(DriverHost host,
                                                            const DriverOptions& options);

namespace detail {

/// Fills the table but for name, version and `create`.
PenstockDriverApi common_driver_api();

std::int32_t create_driver(DriverMaker maker,
                           const PenstockHost* host,
                           const PenstockOptions* options,
                           PenstockDriver** driver,
                           PenstockError* error) noexcept;

}  // namespace detail

/// Returns the table of the driver that `Maker` starts. `name` and `version` must live for ever.
template <DriverMaker Maker>
PenstockDriverApi make_driver_api(const char* name, const char* version) {
  PenstockDriverApi api = detail::common_driver_api();
  api.name = name;
  api.version = version;
  api.create = [](const PenstockHost* host,
                  const PenstockOptions* options,
                  PenstockDriver** driver,
                  PenstockError* error) -> std::int32_t {
    return detail::create_driver(Maker, host, options, driver, error);
  };
  return api;
}

}  // namespace penstock
