#include "drivers/sim/reference_driver.h"

#include <string_view>
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

Result<LoadedModel> ReferenceDriver::load(const std::string& path, DriverOptions options) {
  if (driver_.name() == "openvino") {
    options["precision"] = "f32";
  }
  return device_.load(path, options);
}

}  // namespace penstock::sim
