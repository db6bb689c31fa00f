#include "drivers/sim/reference_driver.h"

#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

#include "drivers/api/host_services.h"

namespace penstock::sim {
namespace {

/// What our own host does for us, handed on to the driver below.
class PassedOnHost final : public HostServices {
 public:
  explicit PassedOnHost(DriverHost host) : host_(host) {}

  void log(DriverLogLevel level, std::string_view text) noexcept override {
    try {
      host_.log(level, "sim, reference: " + std::string(text));
    } catch (const std::exception&) {
      // A line that cannot be logged is lost; the work is not.
    }
  }

  [[nodiscard]] TimePoint now() const noexcept override {
    return TimePoint(Duration(host_.now_ns()));
  }

  std::uint64_t call_at(TimePoint when, Call call, void* argument) noexcept override {
    return host_.call_at(when.time_since_epoch().count(), call, argument);
  }

  bool cancel_call(std::uint64_t ticket) noexcept override { return host_.cancel_call(ticket); }

 private:
  DriverHost host_;
};

DriverOptions options_for(const ShapeChoice& choice) {
  DriverOptions options;
  for (const auto& [input, shape] : choice.shapes) {
    options["shape." + input] = shape.to_string();
  }
  if (choice.batch > 0) {
    options["batch"] = std::to_string(choice.batch);
  }
  return options;
}

/// Names a file as it is now, in a shape.
std::string key_of(const std::string& path, const ShapeChoice& choice) {
  std::error_code fault;
  const auto written = std::filesystem::last_write_time(path, fault);
  std::string key = path + '\n' + std::to_string(written.time_since_epoch().count()) + '\n' +
                    std::to_string(std::filesystem::file_size(path, fault));
  for (const auto& [name, value] : options_for(choice)) {
    key.append(1, '\n').append(name).append(1, '=').append(value);
  }
  return key;
}

}  // namespace

Result<std::shared_ptr<ReferenceDriver>> ReferenceDriver::start(DriverHost host) {
  const PenstockDriverApi* api = host.reference_driver();
  if (api == nullptr) {
    return Error{Errc::kUnsupported,
                 "this host has no driver that computes; set compute: none, or link openvino"};
  }
  PENSTOCK_ASSIGN_OR_RETURN(Driver driver,
                            Driver::create(*api, std::make_shared<PassedOnHost>(host)));
  PENSTOCK_ASSIGN_OR_RETURN(const std::vector<DeviceInfo> devices, driver.enumerate());
  const DeviceInfo* chosen = nullptr;
  for (const DeviceInfo& device : devices) {
    if (chosen == nullptr || (device.kind == DeviceKind::kCpu && chosen->kind != device.kind)) {
      chosen = &device;
    }
  }
  if (chosen == nullptr) {
    return Error{Errc::kUnavailable, "driver '" + driver.name() + "' has no device to compute on"};
  }
  PENSTOCK_ASSIGN_OR_RETURN(Device device, driver.open(chosen->identity));
  return std::make_shared<ReferenceDriver>(std::move(driver), std::move(device));
}

Result<std::vector<LoadObstacle>> ReferenceDriver::explain(const std::string& path,
                                                           const ShapeChoice& choice) {
  return device_.explain(path, options_for(choice));
}

Result<LoadedModel> ReferenceDriver::load(const std::string& path, const ShapeChoice& choice) {
  DriverOptions options = options_for(choice);
  if (driver_.name() == "openvino") {
    options["precision"] = "f32";
  }
  auto model = device_.load(path, options);
  if (model.has_value() && !choice.shapes.empty()) {
    remember(key_of(path, choice), model->info());
  }
  return model;
}

Result<ModelInfo> ReferenceDriver::describe(const std::string& path, const ShapeChoice& choice) {
  {
    const std::lock_guard lock(mutex_);
    const auto known = described_.find(key_of(path, choice));
    if (known != described_.end()) {
      return known->second;
    }
  }
  PENSTOCK_ASSIGN_OR_RETURN(const LoadedModel model, load(path, choice));
  return model.info();
}

void ReferenceDriver::remember(const std::string& key, const ModelInfo& info) {
  constexpr std::size_t kMostDescribed = 256;
  const std::lock_guard lock(mutex_);
  if (described_.size() >= kMostDescribed) {
    described_.clear();
  }
  described_.insert_or_assign(key, info);
}

}  // namespace penstock::sim
