#include "tools/compose/simulated_devices.h"

#include <chrono>
#include <memory>

#include <gtest/gtest.h>

#include "drivers/api/steady_host.h"
#include "drivers/sim/sim_driver.h"

namespace penstock {
namespace {

DeviceSpec device(const std::string& name, const std::string& profile, const std::string& id = "") {
  DeviceSpec spec;
  spec.name = name;
  spec.type = "sim";
  spec.profile = profile;
  spec.id = id;
  return spec;
}

class SimulatedDevicesTest : public ::testing::Test {
 protected:
  SimulatedDevicesTest()
      : devices_([this](const DriverOptions& options) {
          started_ = options;
          return Driver::create(sim_driver_api(), std::make_shared<SteadyHost>(), options);
        }) {}

  std::string identity_of(const DeviceSpec& spec) {
    const auto choice = devices_.select(spec);
    return choice.has_value() ? choice->info.identity : choice.error().message;
  }

  DriverOptions started_;
  SimulatedDevices devices_;
};

TEST_F(SimulatedDevicesTest, GivesEachEntryADeviceOfItsOwn) {
  const std::string first = identity_of(device("a", "metis"));
  const std::string second = identity_of(device("b", "metis"));
  EXPECT_EQ(first, "metis-0:1:0");
  EXPECT_EQ(second, "metis-1:1:0");
  EXPECT_EQ(identity_of(device("a", "metis")), first) << "the same entry is the same device";
}

TEST_F(SimulatedDevicesTest, TakesTheFirstProfileWhereNoneIsWritten) {
  const auto choice = devices_.select(device("a", ""));
  ASSERT_TRUE(choice.has_value()) << choice.error().message;
  EXPECT_EQ(choice->info.identity.rfind("mx3", 0), 0U) << choice->info.identity;
}

TEST_F(SimulatedDevicesTest, FindsADeviceByItsId) {
  EXPECT_EQ(identity_of(device("a", "metis", "metis-3:1:0")), "metis-3:1:0");
  EXPECT_EQ(identity_of(device("b", "", "metis-2:1:0")), "metis-2:1:0");
  const auto unknown = devices_.select(device("c", "metis", "metis-99:1:0"));
  ASSERT_FALSE(unknown.has_value());
  EXPECT_EQ(unknown.error().code, Errc::kNotFound);
  const auto taken = devices_.select(device("d", "metis", "metis-3:1:0"));
  ASSERT_FALSE(taken.has_value());
  EXPECT_EQ(taken.error().message, "'metis-3:1:0' is device 'a' already");
}

TEST_F(SimulatedDevicesTest, HandsSeedAndFaultsToTheirDevice) {
  DeviceSpec spec = device("a", "metis");
  OptionValues lost;
  lost.set("fault", "lost").set("at", std::chrono::nanoseconds(std::chrono::seconds(2)));
  spec.options.set("seed", 7).set("faults", OptionValue::List{lost});
  ASSERT_TRUE(devices_.select(spec).has_value());
  EXPECT_EQ(started_,
            (DriverOptions{{"devices", "1*metis"},
                           {"seed", "7"},
                           {"faults.metis-0:1:0", "[{at: 2s, kind: lost}]"}}));
}

TEST_F(SimulatedDevicesTest, SaysWhatIsWrongWithAProfile) {
  const auto choice = devices_.select(device("a", "no/such.yaml"));
  ASSERT_FALSE(choice.has_value());
  EXPECT_NE(choice.error().message.find("no/such.yaml"), std::string::npos)
      << choice.error().message;
}

}  // namespace
}  // namespace penstock
