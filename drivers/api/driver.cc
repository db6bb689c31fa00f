#include "drivers/api/driver.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <variant>

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

/// What a call leaves that may come back after nobody waits for it any more.
template <class Shown>
struct Answer {
  std::int32_t code = PENSTOCK_INTERNAL;
  PenstockError error = empty_error();
  Shown shown;
};

/// What a driver is started with, for as long as its start takes.
struct Start {
  explicit Start(const DriverOptions& given) : options(given), list(options) {}

  DriverOptions options;
  abi::OptionList list;  // Points into them.
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
  std::int32_t code = PENSTOCK_INTERNAL;
  core_->driver->work("'explain' of '" + path + "'", [&] {
    code = core_->driver->api.explain(core_->device, &source, visit, &obstacles, &error);
  });
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
  std::int32_t code = PENSTOCK_INTERNAL;
  core_->driver->work("'load' of '" + path + "'", [&] {
    code = core_->driver->api.load(core_->device, &source, &core->model, &error);
  });
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
  std::int32_t code = PENSTOCK_INTERNAL;
  core_->driver->work("'claim' of device '" + info().identity + "'",
                      [&] { code = api.claim(core_->device, sub_devices, &error); });
  return code == PENSTOCK_OK ? Status() : Status(abi::error_from(code, error, core_->driver->name));
}

void Device::release(SubDeviceMask sub_devices) {
  if (has_function(core_->driver->api, &PenstockDriverApi::release)) {
    core_->driver->api.release(core_->device, sub_devices);
  }
}

Result<std::vector<DeviceProperty>> Device::properties() const {
  const PenstockDriverApi& api = core_->driver->api;
  if (!has_function(api, &PenstockDriverApi::properties)) {
    return std::vector<DeviceProperty>();
  }
  const auto answer = std::make_shared<Answer<std::vector<DeviceProperty>>>();
  const auto visit = [](void* context, const PenstockProperty* property) {
    if (property != nullptr) {
      static_cast<std::vector<DeviceProperty>*>(context)->push_back(abi::property_from(*property));
    }
  };
  const Status made = core_->driver->call(
      "'properties' of device '" + info().identity + "'", [answer, visit, kept = core_] {
        answer->code =
            kept->driver->api.properties(kept->device, visit, &answer->shown, &answer->error);
      });
  if (!made.has_value()) {
    return made.error().within("driver '" + core_->driver->name + "'");
  }
  if (answer->code != PENSTOCK_OK) {
    return abi::error_from(answer->code, answer->error, core_->driver->name);
  }
  return std::move(answer->shown);
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
  std::int32_t code = PENSTOCK_INTERNAL;
  core_->driver->work("'configure' of device '" + info().identity + "'", [&] {
    code = api.configure(core_->device, sub_device, name.c_str(), value.c_str(), &pending, &error);
  });
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
                              const DriverOptions& options,
                              std::optional<CallLimits> limits) {
  PENSTOCK_RETURN_IF_ERROR(check_driver_table(api));
  auto core = std::make_shared<detail::DriverCore>(api, std::move(host), limits);
  const std::string place = "driver '" + core->name + "'";
  const std::string left = left_driver_call(core->name);
  if (limits.has_value() && !left.empty()) {
    return Error{Errc::kUnavailable, place + " hangs in " + left + ", and is not started again"};
  }
  const auto start = std::make_shared<Start>(options);
  const auto answer = std::make_shared<Answer<std::monostate>>();
  const Status made = core->call("'create'", [core, start, answer] {
    answer->code =
        core->api.create(&core->host->get(), &start->list.get(), &core->driver, &answer->error);
    if (answer->code != PENSTOCK_OK) {
      core->driver = nullptr;
    }
  });
  if (!made.has_value()) {
    return made.error().within(place);
  }
  if (answer->code != PENSTOCK_OK) {
    return abi::error_from(answer->code, answer->error, core->name).within(place);
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
  const auto answer = std::make_shared<Answer<DeviceList>>();
  PENSTOCK_RETURN_IF_ERROR(core_->call("'enumerate'", [answer, kept = core_] {
    answer->code =
        kept->api.enumerate(kept->driver, &DeviceList::visit, &answer->shown, &answer->error);
  }));
  if (answer->code != PENSTOCK_OK) {
    return abi::error_from(answer->code, answer->error, core_->name);
  }
  if (answer->shown.fault.has_value()) {
    return *answer->shown.fault;
  }
  return std::move(answer->shown.devices);
}

Result<ModelInfo> Driver::inspect(const std::string& path) const {
  const auto answer = std::make_shared<Answer<abi::ModelCollector>>();
  PENSTOCK_RETURN_IF_ERROR(core_->call("'inspect' of '" + path + "'", [answer, path, kept = core_] {
    answer->code =
        kept->api.inspect(kept->driver, path.c_str(), answer->shown.visitor(), &answer->error);
  }));
  if (answer->code != PENSTOCK_OK) {
    return abi::error_from(answer->code, answer->error, core_->name);
  }
  return answer->shown.take();
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
  const auto core = std::make_shared<detail::DeviceCore>(core_, *found, health_changed);
  const auto ring = [](void* argument) { static_cast<detail::HealthBell*>(argument)->ring(); };
  const auto answer = std::make_shared<Answer<std::monostate>>();
  // One that opens when nobody waits for it any more is closed by the call's own thread.
  const Status made = core_->call("'open_device' of device '" + identity + "'", [=] {
    answer->code = core->driver->api.open_device(core->driver->driver,
                                                 core->info.identity.c_str(),
                                                 ring,
                                                 core->bell.get(),
                                                 &core->device,
                                                 &answer->error);
    if (answer->code != PENSTOCK_OK) {
      core->device = nullptr;
    }
  });
  if (!made.has_value()) {
    core->bell->silence();
    return made.error().within("driver '" + name() + "'");
  }
  if (answer->code != PENSTOCK_OK) {
    return abi::error_from(answer->code, answer->error, core_->name);
  }
  return Device(core);
}

}  // namespace penstock
