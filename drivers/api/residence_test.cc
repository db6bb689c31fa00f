#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "drivers/api/completion_queue.h"
#include "drivers/api/driver.h"
#include "drivers/api/driver_adapter.h"
#include "drivers/api/manual_host.h"

// What 1.1 added, through wrapper and adapter, against a driver that does what the test says.
namespace penstock {
namespace {

/// What the driver was asked for, and what it holds back.
struct Script {
  std::vector<std::string> calls;
  std::vector<Change> changes;
  SubDeviceMask claimed = 0;
};

class ScriptedModel final : public ModelBase {
 public:
  explicit ScriptedModel(Script& script) : script_(script) {
    info_.needs_activation = true;
    info_.mode = "multi";
    for (const SubDeviceMask sub_devices : {SubDeviceMask{1}, SubDeviceMask{6}}) {
      ModelPlacement placement;
      placement.sub_devices = sub_devices;
      placement.depth = 2;
      placement.memory_bytes = 1000;
      placement.shared_bytes = 10;
      placement.activation_time = std::chrono::milliseconds(30);
      placement.service_time = std::chrono::milliseconds(2);
      info_.placements.push_back(placement);
    }
  }

  ~ScriptedModel() override { script_.calls.emplace_back("unload"); }

  [[nodiscard]] const ModelInfo& info() const noexcept override { return info_; }

  Result<std::unique_ptr<RequestBase>> create_request() override {
    return Error{Errc::kUnsupported, "not part of this test"};
  }

  Status activate(SubDeviceMask sub_devices, Change change) override {
    return take("activate " + std::to_string(sub_devices), change);
  }

  Status deactivate(SubDeviceMask sub_devices, Change change) override {
    return take("deactivate " + std::to_string(sub_devices), change);
  }

 private:
  Status take(const std::string& call, Change change) {
    script_.calls.push_back(call);
    if (!script_.changes.empty()) {
      return Error{Errc::kUnavailable, "memory: 1000 bytes of 1500 are taken, 1000 are asked"};
    }
    script_.changes.push_back(change);
    return {};
  }

  Script& script_;
  ModelInfo info_;
};

class ScriptedDevice final : public DeviceBase {
 public:
  explicit ScriptedDevice(Script& script) : script_(script) {}

  Result<std::vector<LoadObstacle>> explain(const std::string& /*path*/,
                                            const DriverOptions& /*options*/) override {
    return std::vector<LoadObstacle>();
  }

  Result<std::unique_ptr<ModelBase>> load(const std::string& /*path*/,
                                          const DriverOptions& /*options*/) override {
    return std::unique_ptr<ModelBase>(std::make_unique<ScriptedModel>(script_));
  }

  Status claim(SubDeviceMask sub_devices) override {
    if ((script_.claimed & sub_devices) != 0) {
      return Error{Errc::kUnavailable, "sub-device is claimed by process 7"};
    }
    script_.claimed |= sub_devices;
    return {};
  }

  void release(SubDeviceMask sub_devices) override { script_.claimed &= ~sub_devices; }

  std::vector<DeviceProperty> properties() override {
    DeviceProperty clock;
    clock.name = "clock";
    clock.sub_device = 1;
    clock.type = DeviceProperty::Type::kReal;
    clock.unit = "MHz";
    clock.help = "How fast the cores run";
    clock.value = "400";
    clock.pending_value = "800";
    clock.minimum = 100;
    clock.maximum = 800;
    clock.step = 0.5;
    clock.is_writable = true;
    clock.is_pending = true;
    DeviceProperty profile;
    profile.name = "profile";
    profile.type = DeviceProperty::Type::kChoice;
    profile.value = "calm";
    profile.choices = {"calm", "fast", "a b"};
    return {clock, profile};
  }

  Result<bool> configure(const std::string& name,
                         const std::string& value,
                         std::int32_t sub_device) override {
    script_.calls.push_back(name + "[" + std::to_string(sub_device) + "]=" + value);
    return value != "later";
  }

  Status reset() override {
    script_.calls.emplace_back("reset");
    return {};
  }

 private:
  Script& script_;
};

Script& script() {
  static Script the_script;
  return the_script;
}

class ScriptedDriver final : public DriverBase {
 public:
  static Result<std::unique_ptr<DriverBase>> create(DriverHost /*host*/, const DriverOptions&) {
    return std::unique_ptr<DriverBase>(std::make_unique<ScriptedDriver>());
  }

  Result<std::vector<DeviceInfo>> enumerate() override {
    DeviceInfo info;
    info.identity = "scripted:0";
    info.shared_memory_bytes = 1U << 20U;
    info.max_resident = 2;
    for (std::uint32_t i = 0; i < 3; ++i) {
      SubDeviceInfo core;
      core.index = i;
      core.name = "core " + std::to_string(i);
      core.group = i / 2;
      core.in_use_by = i == 2 ? 4711 : 0;
      info.sub_devices.push_back(core);
    }
    return std::vector<DeviceInfo>{info};
  }

  Result<ModelInfo> inspect(const std::string& /*path*/) override { return ModelInfo(); }

  Result<std::unique_ptr<DeviceBase>> open(const std::string& /*identity*/,
                                           Doorbell /*health_changed*/) override {
    return std::unique_ptr<DeviceBase>(std::make_unique<ScriptedDevice>(script()));
  }
};

const PenstockDriverApi kScripted = make_driver_api<&ScriptedDriver::create>("scripted", "1");

class Residence : public ::testing::Test {
 protected:
  Residence()
      : driver_(Driver::create(kScripted, std::make_shared<ManualHost>()).value()),
        device_(driver_.open("scripted:0").value()),
        model_(device_.load("", {}).value()),
        queue_(CompletionQueue::create(2, {}).value()) {
    script() = Script();
  }

  ~Residence() override { script().changes.clear(); }

  Driver driver_;
  Device device_;
  LoadedModel model_;
  CompletionQueue queue_;
};

TEST_F(Residence, CrossesTheBorderWhole) {
  EXPECT_EQ(device_.info(), driver_.enumerate().value()[0]);
  EXPECT_EQ(device_.info().max_resident, 2U);
  EXPECT_EQ(device_.info().shared_memory_bytes, 1U << 20U);
  EXPECT_EQ(device_.info().sub_devices[2].group, 1U);
  EXPECT_EQ(device_.info().sub_devices[2].in_use_by, 4711);

  Script unused;
  EXPECT_EQ(model_.info(), ScriptedModel(unused).info());
}

TEST_F(Residence, ChangesWhenTheDriverSaysSo) {
  Activation activation = model_.create_activation(queue_).value();
  ASSERT_TRUE(activation.activate(6, 5).has_value());
  EXPECT_FALSE(activation.is_idle());
  EXPECT_FALSE(queue_.pop().has_value());

  script().changes[0].complete(Errc::kOk, {}, 31'000'000);

  const Completion completion = queue_.pop().value();
  EXPECT_EQ(completion.token, 5U);
  EXPECT_EQ(completion.device_time, std::chrono::milliseconds(31));
  EXPECT_TRUE(activation.is_idle());
}

TEST_F(Residence, IsAskedForOneChangeAtATime) {
  Activation activation = model_.create_activation(queue_).value();
  ASSERT_TRUE(activation.activate(1, 5).has_value());
  EXPECT_EQ(activation.deactivate(1, 6).error().code, Errc::kUnavailable);
  script().changes[0].complete(Errc::kDeviceLost, "reset");
  EXPECT_EQ(activation.deactivate(1, 6).error().code, Errc::kUnavailable);
  EXPECT_EQ(queue_.pop().value().code, Errc::kDeviceLost);
  script().changes.clear();
  EXPECT_TRUE(activation.deactivate(1, 6).has_value());
  script().changes[0].complete(Errc::kOk);
  EXPECT_EQ(script().calls, std::vector<std::string>({"activate 1", "deactivate 1"}));
}

TEST_F(Residence, IsRefusedByTheDriverWithItsReason) {
  Activation first = model_.create_activation(queue_).value();
  Activation second = model_.create_activation(queue_).value();
  ASSERT_TRUE(first.activate(1, 5).has_value());
  EXPECT_EQ(second.activate(6, 6).error(),
            (Error{Errc::kUnavailable, "memory: 1000 bytes of 1500 are taken, 1000 are asked"}));
  EXPECT_TRUE(second.is_idle());
  script().changes[0].complete(Errc::kOk);
}

TEST_F(Residence, IsOnlyAskedForOnAPlacement) {
  Activation activation = model_.create_activation(queue_).value();
  EXPECT_EQ(activation.activate(2, 5).error(),
            (Error{Errc::kInvalidArgument,
                   "sub-devices 1 are no placement of the model; it has: 0, 1+2"}));
  EXPECT_EQ(activation.activate(0, 5).error().code, Errc::kInvalidArgument);
  EXPECT_TRUE(script().calls.empty());
}

TEST_F(Residence, ReservesASlotForEachActivation) {
  std::optional<Activation> first(model_.create_activation(queue_).value());
  Activation second = model_.create_activation(queue_).value();
  EXPECT_EQ(model_.create_activation(queue_).error().code, Errc::kUnavailable);
  first.reset();
  EXPECT_TRUE(model_.create_activation(queue_).has_value());
}

TEST_F(Residence, EndsAnActivationOnlyAfterItsChange) {
  std::optional<Activation> activation(model_.create_activation(queue_).value());
  ASSERT_TRUE(activation->activate(1, 5).has_value());
  std::atomic<bool> completes{false};
  std::thread device([&] {
    completes = true;
    script().changes[0].complete(Errc::kOk);
  });
  activation.reset();
  EXPECT_TRUE(completes.load());
  device.join();
  EXPECT_EQ(queue_.pop().value().token, 5U);
  EXPECT_EQ(queue_.reserved(), 0U);
}

TEST_F(Residence, LetsQueueAndActivationGoWhileTheDriverReports) {
  // The last of both goes while the driver is on its way out of `done`.
  for (int round = 0; round < 200; ++round) {
    script().changes.clear();
    std::optional<CompletionQueue> queue(CompletionQueue::create(1, {}).value());
    std::optional<Activation> activation(model_.create_activation(*queue).value());
    ASSERT_TRUE(activation->activate(1, 5).has_value());
    const Change change = script().changes[0];
    std::thread device([&] { change.complete(Errc::kOk); });
    queue.reset();
    activation.reset();
    device.join();
  }
}

TEST_F(Residence, KeepsTheModelLoadedWhileAnActivationLives) {
  std::optional<Activation> activation(model_.create_activation(queue_).value());
  { const LoadedModel gone = std::move(model_); }
  EXPECT_TRUE(script().calls.empty());
  activation.reset();
  EXPECT_EQ(script().calls, std::vector<std::string>({"unload"}));
}

TEST_F(Residence, ClaimsGoToTheDriver) {
  ASSERT_TRUE(device_.claim(5).has_value());
  EXPECT_EQ(device_.claim(1).error(),
            (Error{Errc::kUnavailable, "sub-device is claimed by process 7"}));
  device_.release(5);
  EXPECT_TRUE(device_.claim(1).has_value());
}

TEST_F(Residence, ClaimsAreOfSubDevicesThatThereAre) {
  EXPECT_EQ(device_.claim(8).error(),
            (Error{Errc::kInvalidArgument,
                   "device 'scripted:0': cannot claim sub-devices of mask 8, it has those of mask "
                   "7"}));
  EXPECT_EQ(device_.claim(0).error().code, Errc::kInvalidArgument);
  EXPECT_EQ(script().claimed, 0U);
}

TEST_F(Residence, PropertiesCrossTheBorderWhole) {
  const auto shown = device_.properties().value();
  Script unused;
  const auto made = ScriptedDevice(unused).properties();
  ASSERT_EQ(shown.size(), made.size());
  for (std::size_t i = 0; i < made.size(); ++i) {
    EXPECT_EQ(shown[i], made[i]) << made[i].name;
  }
}

TEST_F(Residence, ConfiguresAndTellsWhetherItIsInForce) {
  EXPECT_TRUE(device_.configure("clock", "800", 1).value());
  EXPECT_FALSE(device_.configure("clock", "later").value());
  EXPECT_EQ(script().calls, std::vector<std::string>({"clock[1]=800", "clock[-1]=later"}));
}

TEST_F(Residence, ResetsAreStarted) {
  EXPECT_TRUE(device_.reset().has_value());
  EXPECT_EQ(script().calls, std::vector<std::string>({"reset"}));
}

TEST(DeviceBase, HasNoPropertiesUnlessItSaysSo) {
  class Plain final : public DeviceBase {
   public:
    Result<std::vector<LoadObstacle>> explain(const std::string&, const DriverOptions&) override {
      return std::vector<LoadObstacle>();
    }

    Result<std::unique_ptr<ModelBase>> load(const std::string&, const DriverOptions&) override {
      return Error{Errc::kNotFound, "none"};
    }
  } plain;

  EXPECT_TRUE(plain.properties().empty());
  EXPECT_EQ(plain.configure("clock", "1", -1).error(),
            (Error{Errc::kInvalidArgument, "unknown property 'clock': the device has none"}));
  EXPECT_EQ(plain.reset().error().code, Errc::kUnsupported);
}

}  // namespace
}  // namespace penstock
