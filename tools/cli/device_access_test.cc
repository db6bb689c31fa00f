// What `penstock devices` does with a device, against a driver of which everything is known.

#include "tools/cli/device_access.h"

#include <deque>
#include <fstream>
#include <memory>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "drivers/api/driver_adapter.h"
#include "drivers/api/steady_host.h"
#include "tools/cli/device_report.h"

namespace penstock {
namespace {

/// A device with a clock that takes two looks until it is in force, and a reset; it rings for each
/// step of both.
class ToyDevice final : public DeviceBase {
 public:
  explicit ToyDevice(std::string identity, Doorbell changed = {})
      : identity_(std::move(identity)),
        changed_(changed) {
    clock_.name = "clock";
    clock_.type = DeviceProperty::Type::kInteger;
    clock_.unit = "MHz";
    clock_.value = "800";
    clock_.minimum = 100;
    clock_.maximum = 800;
    clock_.step = 100;
    clock_.is_writable = true;
  }

  Result<std::vector<LoadObstacle>> explain(const std::string& /*path*/,
                                            const DriverOptions& /*options*/) override {
    return std::vector<LoadObstacle>();
  }

  Result<std::unique_ptr<ModelBase>> load(const std::string& /*path*/,
                                          const DriverOptions& /*options*/) override {
    return Error{Errc::kUnsupported, "a toy loads nothing"};
  }

  std::optional<HealthEvent> poll_event() override {
    if (events_.empty()) {
      return std::nullopt;
    }
    HealthEvent event = events_.front();
    events_.pop_front();
    return event;
  }

  std::vector<DeviceMetric> metrics() override {
    DeviceMetric busy;
    busy.name = "utilisation";
    busy.unit = "ratio";
    busy.value = 0.25;
    busy.sub_device = 1;
    return {busy};
  }

  std::vector<DeviceProperty> properties() override {
    if (clock_.is_pending && identity_ != "toy:stuck") {
      if (++looks_ > 2) {
        clock_.value = clock_.pending_value;
        clock_.is_pending = false;
      }
      changed_.ring();
    }
    return {clock_};
  }

  Result<bool> configure(const std::string& name,
                         const std::string& value,
                         std::int32_t /*sub_device*/) override {
    if (name != "clock") {
      return Error{Errc::kInvalidArgument, "no property '" + name + "'; there is clock"};
    }
    clock_.pending_value = value;
    clock_.is_pending = true;
    return false;
  }

  Status reset() override {
    if (identity_ == "toy:firm") {
      return DeviceBase::reset();
    }
    events_.push_back({Health::kResetting, "", {}});
    events_.push_back(identity_ == "toy:stuck" ? HealthEvent{Health::kFault, "no answer", {}}
                                               : HealthEvent{Health::kOk, "", {}});
    changed_.ring();
    return {};
  }

 private:
  std::string identity_;
  Doorbell changed_;
  DeviceProperty clock_;
  int looks_ = 0;
  std::deque<HealthEvent> events_;
};

class ToyDriver final : public DriverBase {
 public:
  static Result<std::unique_ptr<DriverBase>> make(DriverHost /*host*/,
                                                  const DriverOptions& /*options*/) {
    return std::unique_ptr<DriverBase>(std::make_unique<ToyDriver>());
  }

  Result<std::vector<DeviceInfo>> enumerate() override {
    DeviceInfo toy;
    toy.kind = DeviceKind::kSim;
    toy.name = "Toy";
    toy.memory_bytes = 64U << 20U;
    for (std::uint32_t index = 0; index < 4; ++index) {
      SubDeviceInfo core;
      core.index = index;
      core.name = "core " + std::to_string(index);
      toy.sub_devices.push_back(core);
    }
    toy.identity = "toy:0";
    DeviceInfo stuck = toy;
    stuck.identity = "toy:stuck";
    DeviceInfo firm = toy;
    firm.identity = "toy:firm";
    return std::vector<DeviceInfo>{toy, stuck, firm};
  }

  Result<ModelInfo> inspect(const std::string& /*path*/) override {
    return Error{Errc::kUnsupported, "a toy reads nothing"};
  }

  Result<std::unique_ptr<DeviceBase>> open(const std::string& identity,
                                           Doorbell health_changed) override {
    return std::unique_ptr<DeviceBase>(std::make_unique<ToyDevice>(identity, health_changed));
  }
};

const PenstockDriverApi& toy_api() {
  static const PenstockDriverApi kApi = make_driver_api<&ToyDriver::make>("toy", "1");
  return kApi;
}

class DeviceAccess : public ::testing::Test {
 protected:
  DeviceAccess() {
    setenv("XDG_RUNTIME_DIR", ::testing::TempDir().c_str(), 1);
    auto driver = Driver::create(toy_api(), std::make_shared<SteadyHost>());
    EXPECT_TRUE(driver.has_value());
    EXPECT_TRUE(drivers_.add(std::move(driver).value()).has_value());
  }

  DriverSet drivers_;
};

DeviceProperty clock_of(const std::string& value) {
  DeviceProperty wanted;
  wanted.name = "clock";
  wanted.value = value;
  return wanted;
}

TEST_F(DeviceAccess, ListsSimulatedAcceleratorsOnlyWhenAsked) {
  EXPECT_TRUE(list_devices(drivers_, false).empty());
  EXPECT_EQ(list_devices(drivers_, true).size(), 3U);
}

TEST_F(DeviceAccess, NamesTheNearestDeviceForOneThatIsNotThere) {
  const auto device = open_device(drivers_, "toy:1");
  ASSERT_FALSE(device.has_value());
  EXPECT_EQ(device.error().code, Errc::kNotFound);
  EXPECT_EQ(device.error().message, "no device 'toy:1'; did you mean 'toy:0'?");
}

TEST_F(DeviceAccess, TakesAKindForTheFirstDeviceOfIt) {
  const auto device = open_device(drivers_, "sim");
  ASSERT_TRUE(device.has_value()) << device.error().message;
  EXPECT_EQ(device->choice.info.identity, "toy:0");
  const auto none = open_device(drivers_, "npu");
  ASSERT_FALSE(none.has_value());
  EXPECT_EQ(none.error().code, Errc::kNotFound);
  EXPECT_NE(none.error().message.find("toy:0"), std::string::npos) << none.error().message;
}

TEST_F(DeviceAccess, WaitsUntilAPropertyIsInForce) {
  auto device = open_device(drivers_, "toy:0");
  ASSERT_TRUE(device.has_value());
  const auto change = set_property(*device, clock_of("400"), std::chrono::minutes(1));
  ASSERT_TRUE(change.has_value()) << change.error().message;
  EXPECT_EQ(change->before.value, "800");
  EXPECT_EQ(change->after.value, "400");
  EXPECT_TRUE(change->was_pending);
  EXPECT_EQ(property_change_text(*change).rfind("clock: 800 -> 400 MHz, was pending for ", 0), 0U);
}

TEST_F(DeviceAccess, SaysWhatIsStillPendingAtTheLimit) {
  auto device = open_device(drivers_, "toy:stuck");
  ASSERT_TRUE(device.has_value());
  const auto change = set_property(*device, clock_of("400"), Duration::zero());
  ASSERT_FALSE(change.has_value());
  EXPECT_EQ(change.error().code, Errc::kDeadlineExceeded);
  EXPECT_EQ(change.error().message,
            "'clock' of device 'toy:stuck' is still '800' after 0 s; '400' was accepted and is "
            "pending");
}

TEST_F(DeviceAccess, PassesOnWhyAPropertyCannotBeSet) {
  auto device = open_device(drivers_, "toy:0");
  ASSERT_TRUE(device.has_value());
  DeviceProperty wanted = clock_of("400");
  wanted.name = "clok";
  const auto change = set_property(*device, wanted, std::chrono::minutes(1));
  ASSERT_FALSE(change.has_value());
  EXPECT_EQ(change.error().code, Errc::kInvalidArgument);
}

TEST_F(DeviceAccess, WaitsUntilADeviceIsWellAfterItsReset) {
  auto device = open_device(drivers_, "toy:0");
  ASSERT_TRUE(device.has_value());
  EXPECT_TRUE(reset_device(*device, std::chrono::minutes(1)).has_value());
  EXPECT_EQ(device->health.health, Health::kOk);
}

TEST_F(DeviceAccess, NamesADeviceThatCannotBeReset) {
  auto device = open_device(drivers_, "toy:firm");
  ASSERT_TRUE(device.has_value());
  EXPECT_EQ(reset_device(*device, std::chrono::minutes(1)).error(),
            (Error{Errc::kUnsupported, "device 'toy:firm': this device cannot be reset"}));
}

TEST_F(DeviceAccess, OpensASimulatedDeviceByItsProfile) {
  const std::string path = ::testing::TempDir() + "/own.yaml";
  std::ofstream(path) << "profile: own\ntitle: simulated own\nidentity: 'own-{index}'\n"
                         "sub_devices: {count: 2}\nmodes: [{name: single}]\n"
                         "properties: [{name: fan, value: quiet}]\n";
  const auto device = open_device(drivers_, "sim:" + path);
  ASSERT_TRUE(device.has_value()) << device.error().message;
  EXPECT_EQ(device->choice.info.identity, "own-0");
  const auto fan = find_property(device->device, "fan", -1);
  ASSERT_TRUE(fan.has_value() && fan->has_value());
  EXPECT_EQ((*fan)->value, "quiet");
}

TEST_F(DeviceAccess, WantsAProfileOfASimulatedDevice) {
  const auto none = choose_device(drivers_, "sim:");
  ASSERT_FALSE(none.has_value());
  EXPECT_EQ(none.error().code, Errc::kInvalidArgument);
  EXPECT_EQ(choose_device(drivers_, "sim:nowhere.yaml").error().code, Errc::kNotFound);
}

TEST_F(DeviceAccess, SaysWhyADeviceIsInFaultAfterItsReset) {
  auto device = open_device(drivers_, "toy:stuck");
  ASSERT_TRUE(device.has_value());
  const auto took = reset_device(*device, std::chrono::minutes(1));
  ASSERT_FALSE(took.has_value());
  EXPECT_EQ(took.error().code, Errc::kDeviceLost);
  EXPECT_NE(took.error().message.find("no answer"), std::string::npos);
}

TEST_F(DeviceAccess, LabelsWhatIsSimulatedAndWhoUsesWhat) {
  std::vector<DeviceChoice> devices = list_devices(drivers_, true);
  devices[0].info.sub_devices[0].in_use_by = 4711;
  devices[0].info.sub_devices[1].in_use_by = 4711;
  const std::string text = device_report_text({devices[0]});
  EXPECT_NE(text.find("Toy (simulated), 4 sub-devices, 0-1 in use by process 4711"),
            std::string::npos)
      << text;
  const auto json = nlohmann::json::parse(device_report_json(devices)).at("devices").at(0);
  EXPECT_EQ(json.at("simulated"), true);
  EXPECT_EQ(json.at("sub_devices").at(1).at("in_use"), true);
  EXPECT_EQ(json.at("sub_devices").at(1).at("in_use_by"), 4711);
  EXPECT_EQ(json.at("sub_devices").at(2).at("in_use"), false);
}

TEST_F(DeviceAccess, ShowsTheMemoryThatSubDevicesShare) {
  DevicePortrait portrait;
  portrait.choice = list_devices(drivers_, true).front();
  DeviceInfo& info = portrait.choice.info;
  for (SubDeviceInfo& sub_device : info.sub_devices) {
    sub_device.memory_bytes = 0;
  }
  info.shared_memory_bytes = std::uint64_t{992} << 20U;
  EXPECT_NE(device_portrait_text(portrait).find("992 MiB shared  group 0"), std::string::npos)
      << device_portrait_text(portrait);
  info.shared_memory_bytes = 0;
  EXPECT_NE(device_portrait_text(portrait).find("host memory  group 0"), std::string::npos);
}

TEST_F(DeviceAccess, ShowsPropertiesWithRangesAndWhatIsPending) {
  DevicePortrait portrait;
  portrait.choice = list_devices(drivers_, true).front();
  portrait.health = {Health::kDegraded, "88 C", {}};
  ToyDevice toy("toy:stuck");
  EXPECT_TRUE(toy.configure("clock", "400", -1).has_value());
  portrait.properties = toy.properties();
  portrait.metrics = toy.metrics();
  const std::string text = device_portrait_text(portrait);
  EXPECT_NE(text.find("clock  800 MHz (pending: 400)  100 to 800 in steps of 100"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("degraded (88 C)"), std::string::npos) << text;
  const auto json = nlohmann::json::parse(device_portrait_json(portrait));
  EXPECT_EQ(json.at("properties").at(0).at("pending_value"), "400");
  EXPECT_EQ(json.at("properties").at(0).at("maximum"), 800);
  EXPECT_EQ(json.at("health").at("reason"), "88 C");
  EXPECT_EQ(device_figures_text(portrait, "12:00:00"),
            "12:00:00  toy:0 (simulated)  degraded (88 C)  utilisation/1=0.25\n");
  EXPECT_EQ(nlohmann::json::parse(device_figures_json(portrait, "12:00:00")).at("simulated"), true);
}

TEST_F(DeviceAccess, SaysOfAChangeWhetherItIsOfASimulatedDevice) {
  DeviceInfo info = list_devices(drivers_, true).front().info;
  const auto said = [&] { return nlohmann::json::parse(property_change_json(info, {})); };
  EXPECT_EQ(said().at("simulated"), true);
  info.kind = DeviceKind::kNpu;
  EXPECT_EQ(said().at("simulated"), false);
}

}  // namespace
}  // namespace penstock
