#include "drivers/noop/noop_driver.h"

#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <unistd.h>

#include "drivers/api/driver_adapter.h"
#include "drivers/api/option_reader.h"
#include "drivers/noop/noop_model.h"
#include "drivers/noop/noop_spec.h"
#include "drivers/noop/noop_state.h"

// How a driver is made, from the bottom up:
//   NoopRequest  room for one inference: submit() starts it, something completes it later;
//   NoopModel    what was loaded: its description, where it is resident, the maker of its requests;
//   NoopDevice   an open device: explains and loads models; NoopState is what all of it shares:
//                health, figures, settings, resets;
//   NoopDriver   lists and opens devices.
// The adapter turns the four into the C table and catches what they throw. Nothing here knows the
// engine's threads or queues: a driver sees memory, and says when it is done with it.
namespace penstock {
namespace {

/// Who has claimed which sub-devices of one device, for all that have it open.
class NoopClaims {
 public:
  Status take(SubDeviceMask sub_devices) {
    const std::lock_guard lock(mutex_);
    if (const SubDeviceMask both = taken_ & sub_devices; both != 0) {
      std::uint32_t index = 0;
      while ((both >> index & 1U) == 0) {
        ++index;
      }
      return Error{Errc::kUnavailable,
                   "sub-device " + std::to_string(index) + " is claimed by process " +
                       std::to_string(::getpid())};
    }
    taken_ |= sub_devices;
    return {};
  }

  void give_back(SubDeviceMask sub_devices) {
    const std::lock_guard lock(mutex_);
    taken_ &= ~sub_devices;
  }

  [[nodiscard]] bool has(std::uint32_t index) const {
    const std::lock_guard lock(mutex_);
    return (taken_ >> index & 1U) != 0;
  }

 private:
  mutable std::mutex mutex_;
  SubDeviceMask taken_ = 0;
};

class NoopDevice final : public DeviceBase {
 public:
  NoopDevice(std::shared_ptr<NoopState> state, std::shared_ptr<NoopClaims> claims)
      : state_(std::move(state)),
        claims_(std::move(claims)) {}

  ~NoopDevice() override { claims_->give_back(claimed_); }

  Result<std::vector<LoadObstacle>> explain(const std::string& /*path*/,
                                            const DriverOptions& options) override {
    OptionReader reader(options);
    read_noop_spec(reader, state_->limits().places());
    return reader.obstacles();
  }

  Result<std::unique_ptr<ModelBase>> load(const std::string& /*path*/,
                                          const DriverOptions& options) override {
    OptionReader reader(options);
    NoopSpec spec = read_noop_spec(reader, state_->limits().places());
    PENSTOCK_RETURN_IF_ERROR(reader.finish());
    return std::unique_ptr<ModelBase>(std::make_unique<NoopModel>(state_, std::move(spec)));
  }

  std::optional<HealthEvent> poll_event() override { return state_->poll_event(); }

  std::vector<DeviceMetric> metrics() override { return state_->metrics(); }

  Status claim(SubDeviceMask sub_devices) override {
    PENSTOCK_RETURN_IF_ERROR(claims_->take(sub_devices));
    const std::lock_guard lock(mutex_);
    claimed_ |= sub_devices;
    return {};
  }

  void release(SubDeviceMask sub_devices) override {
    const std::lock_guard lock(mutex_);
    claims_->give_back(sub_devices & claimed_);
    claimed_ &= ~sub_devices;
  }

  std::vector<DeviceProperty> properties() override { return state_->properties(); }

  Result<bool> configure(const std::string& name,
                         const std::string& value,
                         std::int32_t sub_device) override {
    return state_->configure(name, value, sub_device);
  }

  Status reset() override { return state_->reset(); }

 private:
  std::shared_ptr<NoopState> state_;
  std::shared_ptr<NoopClaims> claims_;
  std::mutex mutex_;
  SubDeviceMask claimed_ = 0;
};

class NoopDriver final : public DriverBase {
 public:
  static Result<std::unique_ptr<DriverBase>> create(DriverHost host, const DriverOptions& options) {
    OptionReader reader(options);
    const std::int64_t devices = reader.integer("devices", 1, 0, 64);
    NoopLimits limits;
    limits.sub_devices =
        static_cast<std::uint32_t>(reader.integer("sub_devices", 0, 0, kMaxSubDevices));
    limits.max_resident = static_cast<std::uint32_t>(reader.integer("max_resident", 0, 0, 1000));
    limits.settle = reader.duration("settle", Duration::zero());
    limits.reset = reader.duration("reset", Duration::zero());
    PENSTOCK_RETURN_IF_ERROR(reader.finish());
    return std::unique_ptr<DriverBase>(
        std::make_unique<NoopDriver>(host, static_cast<std::size_t>(devices), limits));
  }

  NoopDriver(DriverHost host, std::size_t devices, const NoopLimits& limits)
      : host_(host),
        limits_(limits) {
    for (std::size_t i = 0; i < devices; ++i) {
      claims_.push_back(std::make_shared<NoopClaims>());
    }
  }

  Result<std::vector<DeviceInfo>> enumerate() override {
    std::vector<DeviceInfo> devices;
    for (std::size_t i = 0; i < claims_.size(); ++i) {
      DeviceInfo info;
      info.identity = identity_of(i);
      info.kind = DeviceKind::kNoop;
      info.name = "does nothing";
      info.max_resident = limits_.max_resident;
      for (std::uint32_t part = 0; part < limits_.sub_devices; ++part) {
        SubDeviceInfo sub_device;
        sub_device.index = part;
        sub_device.name = "part " + std::to_string(part);
        sub_device.in_use_by = claims_[i]->has(part) ? ::getpid() : 0;
        info.sub_devices.push_back(std::move(sub_device));
      }
      devices.push_back(std::move(info));
    }
    return devices;
  }

  Result<ModelInfo> inspect(const std::string& path) override {
    return Error{Errc::kUnsupported,
                 "'" + path +
                     "': noop reads no files; its models are the load options `inputs` and "
                     "`outputs`"};
  }

  Result<std::unique_ptr<DeviceBase>> open(const std::string& identity, Doorbell changed) override {
    for (std::size_t i = 0; i < claims_.size(); ++i) {
      if (identity == identity_of(i)) {
        return std::unique_ptr<DeviceBase>(std::make_unique<NoopDevice>(
            std::make_shared<NoopState>(host_, changed, limits_), claims_[i]));
      }
    }
    return Error{Errc::kNotFound, "noop has no device '" + identity + "'"};
  }

 private:
  static std::string identity_of(std::size_t index) { return "noop:" + std::to_string(index); }

  DriverHost host_;
  NoopLimits limits_;
  std::vector<std::shared_ptr<NoopClaims>> claims_;  // One for each device.
};

}  // namespace

const PenstockDriverApi& noop_driver_api() {
  static const PenstockDriverApi kApi = make_driver_api<&NoopDriver::create>("noop", "1");
  return kApi;
}

}  // namespace penstock
