#include "tools/compose/device_probe_adapter.h"

#include <memory>

#include <gtest/gtest.h>

#include "drivers/api/steady_host.h"
#include "drivers/noop/noop_driver.h"

namespace penstock {
namespace {

/// A probe of the one device of the driver that does nothing.
class NoopProbe {
 public:
  NoopProbe()
      : probe([this](const DeviceSpec& wanted) -> Result<DeviceChoice> {
          ++selected;
          return drivers.select(wanted.type, wanted.id);
        }) {
    auto driver = Driver::create(noop_driver_api(), std::make_shared<SteadyHost>());
    EXPECT_TRUE(driver.has_value());
    EXPECT_TRUE(drivers.add(std::move(driver).value()).has_value());
    device.name = "d";
    device.type = "noop";
  }

  DriverSet drivers;
  int selected = 0;
  DriverDeviceProbe probe;
  DeviceSpec device;
};

TEST(DriverDeviceProbe, TellsWhatADeviceIs) {
  NoopProbe noop;
  const auto facts = noop.probe.find(noop.device);
  ASSERT_TRUE(facts.has_value()) << facts.error().message;
  EXPECT_EQ(facts->identity, "noop:0");
  EXPECT_EQ(facts->type, "noop");
  EXPECT_TRUE(facts->simulated);
  EXPECT_GE(facts->sub_devices, 1U);
}

TEST(DriverDeviceProbe, SaysWhatIsThereInsteadOfAMissingDevice) {
  NoopProbe noop;
  noop.device.type = "npu";
  const auto facts = noop.probe.find(noop.device);
  ASSERT_FALSE(facts.has_value());
  EXPECT_EQ(facts.error().code, Errc::kNotFound);
  EXPECT_NE(facts.error().message.find("noop:0"), std::string::npos) << facts.error().message;
}

TEST(DriverDeviceProbe, ExplainsWhatStandsAgainstALoad) {
  NoopProbe noop;
  ModelSpec model;
  auto reasons = noop.probe.explain(model, noop.device);
  ASSERT_TRUE(reasons.has_value());
  EXPECT_TRUE(reasons->empty());
  model.mode = "global4";
  reasons = noop.probe.explain(model, noop.device);
  ASSERT_TRUE(reasons.has_value());
  ASSERT_EQ(reasons->size(), 1U);
  EXPECT_EQ(reasons->front().subject, "mode");
  EXPECT_EQ(reasons->front().kind, LoadReason::Kind::kNotBuilt);
  EXPECT_EQ(noop.selected, 1) << "the device stays open between questions";
}

TEST(DriverDeviceProbe, SortsObstaclesByWhatTheyAreAbout) {
  EXPECT_EQ(reason_of({Errc::kUnsupported, "scales", "t"}).kind, LoadReason::Kind::kNoScales);
  EXPECT_EQ(reason_of({Errc::kUnsupported, "memory", "t"}).kind, LoadReason::Kind::kLimit);
  EXPECT_EQ(reason_of({Errc::kUnavailable, "slots", "t"}).kind, LoadReason::Kind::kLimit);
  EXPECT_EQ(reason_of({Errc::kUnsupported, "Resize", "t"}).kind, LoadReason::Kind::kNotBuilt);
}

TEST(DriverDeviceProbe, KeepsWhichPropertiesBelongToSubDevices) {
  DeviceInfo info;
  info.sub_devices.resize(4);
  DeviceProperty clock;
  clock.name = "clock";
  clock.type = DeviceProperty::Type::kInteger;
  clock.sub_device = 2;
  clock.minimum = 100;
  clock.maximum = 800;
  clock.is_writable = true;
  const DeviceFacts facts = facts_of(info, {clock});
  EXPECT_EQ(facts.sub_devices, 4U);
  ASSERT_EQ(facts.properties.size(), 1U);
  EXPECT_EQ(facts.properties[0].sub_device, 2);
  EXPECT_EQ(facts.properties[0].type, PropertyFacts::Type::kInteger);
  EXPECT_EQ(facts.properties[0].maximum, 800);
  EXPECT_TRUE(facts.properties[0].is_writable);
}

}  // namespace
}  // namespace penstock
