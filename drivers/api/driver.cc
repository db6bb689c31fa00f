#include "drivers/api/driver.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "drivers/api/abi_convert.h"
#include "drivers/api/driver_cores.h"
#include "drivers/api/driver_table.h"

namespace penstock {

using detail::empty_error;

namespace {

/// What a driver shows when it enumerates.
struct DeviceList {
  static void visit(void* context, const PenstockDeviceInfo* info) {
    static_cast<DeviceList*>(context)->add(abi::device_info_from(info));
  }

  void add(Result<DeviceInfo> device) {
    if (fault.has_value()) {
      return;
    }
    if (!device.has_value()) {
      fault = device.error();
      return;
    }
    const bool is_there = std::any_of(devices.begin(), devices.end(), [&](const DeviceInfo& one) {
      return one.identity == device->identity;
    });
    if (is_there) {
      fault = Error{Errc::kInternal, "device '" + device->identity + "' is shown twice"};
      return;
    }
    devices.push_back(std::move(device).value());
  }

  std::vector<DeviceInfo> devices;
  std::optional<Error> fault;  // The first.
};

}  // namespace

Device::Device(std::shared_ptr<detail::DeviceCore> core) noexcept : core_(std::move(core)) {}

Device::Device(Device&&) noexcept = default;
Device& Device::operator=(Device&&) noexcept = default;
Device::~Device() = default;

const DeviceInfo& Device::info() const noexcept {
  return core_->info;
}

Result<std::vector<LoadObstacle>> Device::explain(const std::string& path,
                                                  const DriverOptions& options) {
  const abi::OptionList list(options);
  const PenstockModelSource source{sizeof(PenstockModelSource), 0, path.c_str(), list.get()};
  std::vector<LoadObstacle> obstacles;
  PenstockError error = empty_error();
  const auto visit = [](void* context, const PenstockReason* reason) {
    if (reason == nullptr) {
      return;
    }
    LoadObstacle obstacle;
    obstacle.code = abi::errc_from(reason->code);
    obstacle.subject = abi::shown_text(reason->subject);
    obstacle.text = abi::shown_text(reason->text);
    static_cast<std::vector<LoadObstacle>*>(context)->push_back(std::move(obstacle));
  };
  const std::int32_t code =
      core_->driver->api.explain(core_->device, &source, visit, &obstacles, &error);
  if (code != PENSTOCK_OK) {
    return abi::error_from(code, error, core_->driver->name);
  }
  return obstacles;
}

Result<LoadedModel> Device::load(const std::string& path, const DriverOptions& options) {
  const abi::OptionList list(options);
  const PenstockModelSource source{sizeof(PenstockModelSource), 0, path.c_str(), list.get()};
  auto core = std::make_shared<detail::ModelCore>(core_);
  core->path = path;
  PenstockError error = empty_error();
  std::int32_t code = core_->driver->api.load(core_->device, &source, &core->model, &error);
  if (code != PENSTOCK_OK) {
    core->model = nullptr;
    return abi::error_from(code, error, core_->driver->name);
  }
  abi::ModelCollector collector;
  code = core_->driver->api.describe(core->model, collector.visitor(), &error);
  if (code != PENSTOCK_OK) {
    return abi::error_from(code, error, core_->driver->name);
  }
  auto described = collector.take();
  if (!described.has_value()) {
    return described.error().within("driver '" + core_->driver->name + "'");
  }
  core->info = std::move(described).value();
  return LoadedModel(std::move(core));
}

std::optional<HealthEvent> Device::poll_event() {
  PenstockHealthEvent event{};
  event.size = sizeof(event);
  if (core_->driver->api.poll_event(core_->device, &event) == 0) {
    return std::nullopt;
  }
  event.reason[sizeof(event.reason) - 1] = '\0';
  HealthEvent result;
  result.health = static_cast<Health>(event.health);
  result.reason = abi::shown_text(event.reason);
  result.time = TimePoint(Duration(event.time_ns));
  return result;
}

std::vector<DeviceMetric> Device::metrics() const {
  std::vector<DeviceMetric> metrics;
  const auto visit = [](void* context, const PenstockMetric* metric) {
    if (metric == nullptr) {
      return;
    }
    DeviceMetric item;
    item.name = abi::shown_text(metric->name);
    item.unit = abi::shown_text(metric->unit);
    item.value = metric->value;
    item.sub_device = metric->sub_device;
    static_cast<std::vector<DeviceMetric>*>(context)->push_back(std::move(item));
  };
  core_->driver->api.metrics(core_->device, visit, &metrics);
  return metrics;
}

Status Device::claim(SubDeviceMask sub_devices) {
  const SubDeviceMask all = all_sub_devices(info());
  if (sub_devices == 0 || (sub_devices & ~all) != 0) {
    return Error{Errc::kInvalidArgument,
                 "device '" + info().identity + "': cannot claim sub-devices of mask " +
                     std::to_string(sub_devices) + ", it has those of mask " + std::to_string(all)};
  }
  const PenstockDriverApi& api = core_->driver->api;
  if (!has_function(api, &PenstockDriverApi::claim)) {
    return {};
  }
  PenstockError error = empty_error();
  const std::int32_t code = api.claim(core_->device, sub_devices, &error);
  return code == PENSTOCK_OK ? Status() : Status(abi::error_from(code, error, core_->driver->name));
}

void Device::release(SubDeviceMask sub_devices) {
  if (has_function(core_->driver->api, &PenstockDriverApi::release)) {
    core_->driver->api.release(core_->device, sub_devices);
  }
}

Result<std::vector<DeviceProperty>> Device::properties() const {
  std::vector<DeviceProperty> properties;
  const PenstockDriverApi& api = core_->driver->api;
  if (!has_function(api, &PenstockDriverApi::properties)) {
    return properties;
  }
  const auto visit = [](void* context, const PenstockProperty* property) {
    if (property != nullptr) {
      static_cast<std::vector<DeviceProperty>*>(context)->push_back(abi::property_from(*property));
    }
  };
  PenstockError error = empty_error();
  const std::int32_t code = api.properties(core_->device, visit, &properties, &error);
  if (code != PENSTOCK_OK) {
    return abi::error_from(code, error, core_->driver->name);
  }
  return properties;
}

Result<bool> Device::configure(const std::string& name,
                               const std::string& value,
                               std::int32_t sub_device) {
  const PenstockDriverApi& api = core_->driver->api;
  if (!has_function(api, &PenstockDriverApi::configure)) {
    return abi::no_property(name);
  }
  std::int32_t pending = 0;
  PenstockError error = empty_error();
  const std::int32_t code =
      api.configure(core_->device, sub_device, name.c_str(), value.c_str(), &pending, &error);
  if (code != PENSTOCK_OK) {
    return abi::error_from(code, error, core_->driver->name);
  }
  return pending == 0;
}

Status Device::reset() {
  const PenstockDriverApi& api = core_->driver->api;
  if (!has_function(api, &PenstockDriverApi::reset)) {
    return Error{Errc::kUnsupported, "device '" + info().identity + "' cannot be reset"};
  }
  PenstockError error = empty_error();
  const std::int32_t code = api.reset(core_->device, &error);
  return code == PENSTOCK_OK ? Status() : Status(abi::error_from(code, error, core_->driver->name));
}

Driver::Driver(std::shared_ptr<detail::DriverCore> core) noexcept : core_(std::move(core)) {}

Driver::Driver(Driver&&) noexcept = default;
Driver& Driver::operator=(Driver&&) noexcept = default;
Driver::~Driver() = default;

Result<Driver> Driver::create(const PenstockDriverApi& api,
                              std::shared_ptr<HostServices> host,
                              const DriverOptions& options) {
  PENSTOCK_RETURN_IF_ERROR(check_driver_table(api));
  auto core = std::make_shared<detail::DriverCore>(api, std::move(host));
  const abi::OptionList list(options);
  PenstockError error = empty_error();
  const std::int32_t code = api.create(&core->host.get(), &list.get(), &core->driver, &error);
  if (code != PENSTOCK_OK) {
    core->driver = nullptr;
    return abi::error_from(code, error, core->name).within("driver '" + core->name + "'");
  }
  return Driver(std::move(core));
}

const std::string& Driver::name() const noexcept {
  return core_->name;
}

const std::string& Driver::version() const noexcept {
  return core_->version;
}

Result<std::vector<DeviceInfo>> Driver::enumerate() const {
  DeviceList list;
  PenstockError error = empty_error();
  const std::int32_t code = core_->api.enumerate(core_->driver, &DeviceList::visit, &list, &error);
  if (code != PENSTOCK_OK) {
    return abi::error_from(code, error, core_->name);
  }
  if (list.fault.has_value()) {
    return *list.fault;
  }
  return std::move(list.devices);
}

Result<ModelInfo> Driver::inspect(const std::string& path) const {
  abi::ModelCollector collector;
  PenstockError error = empty_error();
  const std::int32_t code =
      core_->api.inspect(core_->driver, path.c_str(), collector.visitor(), &error);
  if (code != PENSTOCK_OK) {
    return abi::error_from(code, error, core_->name);
  }
  return collector.take();
}

Result<Device> Driver::open(const std::string& identity, Doorbell health_changed) {
  PENSTOCK_ASSIGN_OR_RETURN(const std::vector<DeviceInfo> devices, enumerate());
  const auto found = std::find_if(devices.begin(), devices.end(), [&](const DeviceInfo& device) {
    return device.identity == identity;
  });
  if (found == devices.end()) {
    std::string known;
    for (const DeviceInfo& device : devices) {
      known += (known.empty() ? "" : ", ") + device.identity;
    }
    return Error{Errc::kNotFound,
                 "driver '" + name() + "' has no device '" + identity +
                     "'; there are: " + (known.empty() ? "none" : known)};
  }
  auto core = std::make_shared<detail::DeviceCore>(core_);
  core->info = *found;
  core->health_changed = health_changed;
  const auto ring = [](void* argument) {
    static_cast<detail::DeviceCore*>(argument)->health_changed.ring();
  };
  PenstockError error = empty_error();
  const std::int32_t code = core_->api.open_device(
      core_->driver, identity.c_str(), ring, core.get(), &core->device, &error);
  if (code != PENSTOCK_OK) {
    core->device = nullptr;
    return abi::error_from(code, error, core_->name);
  }
  return Device(std::move(core));
}

}  // namespace penstock
