#include "drivers/sim/device/device_settings.h"

#include <string>

#include <gtest/gtest.h>

#include "drivers/sim/profiles/builtin_profiles.h"
#include "drivers/sim/profiles/profile.h"

namespace penstock::sim {
namespace {

using std::chrono::milliseconds;

class DeviceSettingsTest : public ::testing::Test {
 protected:
  static TimePoint at(int time) { return TimePoint(milliseconds(time)); }

  DeviceProperty property(const std::string& name, int sub_device = -1) const {
    for (const DeviceProperty& each : settings_.list()) {
      if (each.name == name && each.sub_device == sub_device) {
        return each;
      }
    }
    ADD_FAILURE() << name;
    return {};
  }

  std::string refusal(const std::string& name, const std::string& value, int sub_device = -1) {
    const auto result = settings_.configure(name, value, sub_device, at(0));
    return result.has_value() ? "" : result.error().message;
  }

  Profile profile_ = find_profile("metis").value();
  DeviceSettings settings_{profile_};
};

TEST_F(DeviceSettingsTest, SaysThatTheDeviceIsSimulated) {
  EXPECT_EQ(property("simulated").value, "true");
  EXPECT_FALSE(property("simulated").is_writable);
  EXPECT_EQ(property("profile").value, "metis");
}

TEST_F(DeviceSettingsTest, KeepsAChangePendingUntilItSettles) {
  EXPECT_FALSE(settings_.configure("clock", "400", 1, at(0)).value());
  EXPECT_TRUE(property("clock", 1).is_pending);
  EXPECT_EQ(property("clock", 1).pending_value, "400");
  EXPECT_EQ(property("clock", 1).value, "800");
  EXPECT_EQ(settings_.clock_mhz(1), 800);
  EXPECT_EQ(settings_.next_time(), at(50));
  EXPECT_FALSE(settings_.advance(at(49)));
  EXPECT_TRUE(settings_.advance(at(50)));
  EXPECT_FALSE(property("clock", 1).is_pending);
  EXPECT_EQ(settings_.clock_mhz(1), 400);
  EXPECT_EQ(settings_.clock_mhz(0), 800);
  EXPECT_EQ(property("clock").value, "400") << "the lowest of them";
}

TEST_F(DeviceSettingsTest, SetsAllSubDevicesThroughTheDevice) {
  ASSERT_TRUE(settings_.configure("mvm_limit", "50", -1, at(0)).has_value());
  settings_.advance(at(50));
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(settings_.mvm_ratio(i), 0.5);
  }
}

TEST_F(DeviceSettingsTest, SetsWhatHasNoEffectAtOnce) {
  EXPECT_TRUE(settings_.configure("ddr_size", "2048", -1, at(0)).value());
  EXPECT_EQ(property("ddr_size").value, "2048");
}

TEST_F(DeviceSettingsTest, TakesAnyNumberWhereAProfileSetsNoLimits) {
  Profile profile = find_profile("metis").value();
  DeviceProperty own;
  own.name = "own";
  own.type = DeviceProperty::Type::kInteger;
  own.value = "7";
  own.is_writable = true;
  profile.properties = {own};
  DeviceSettings settings(profile);
  EXPECT_TRUE(settings.configure("own", "1000", -1, at(0)).has_value());
  EXPECT_NE(settings.configure("own", "1.5", -1, at(0)).error().message.find("whole number"),
            std::string::npos);
}

TEST_F(DeviceSettingsTest, NamesTheRuleThatAValueBreaks) {
  EXPECT_NE(refusal("clock", "1000").find("100, 200, 400, 600, 700, 800"), std::string::npos);
  EXPECT_NE(refusal("mvm_limit", "0", 2).find("from 1 to 100"), std::string::npos);
  EXPECT_NE(refusal("mvm_limit", "1.5").find("in steps of 1"), std::string::npos);
  EXPECT_NE(refusal("profile", "x").find("cannot be written"), std::string::npos);
  EXPECT_EQ(refusal("self_test", "x"), "property 'self_test', value 'x': it cannot be written");
  EXPECT_NE(refusal("clok", "1").find("known are board_controller_firmware, clock"),
            std::string::npos);
  EXPECT_NE(refusal("clock", "100", 9).find("sub-device 9"), std::string::npos);
}

}  // namespace
}  // namespace penstock::sim
