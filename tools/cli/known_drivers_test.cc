#include "tools/cli/known_drivers.h"

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/runfiles.h"

namespace penstock {
namespace {

using testing::checkout_file;

const std::vector<std::string> kLinked = {"openvino", "sim", "noop"};

std::string place_of(const std::string& file) {
  return std::filesystem::absolute(checkout_file(file)).string();
}

std::string noop_plugin() {
  return place_of("drivers/noop/libpenstock_noop.so");
}

Error refusal(const std::string& file) {
  const auto drivers = find_drivers({{file}, {}}, std::chrono::seconds(20));
  EXPECT_FALSE(drivers.has_value()) << file;
  return drivers.has_value() ? Error{Errc::kOk, ""} : drivers.error();
}

TEST(KnownDrivers, AreThoseThatAreLinkedInWithoutPlugins) {
  const KnownDrivers drivers = find_drivers({}).value();
  EXPECT_EQ(names_of(drivers), kLinked);
  for (const KnownDriver& driver : drivers) {
    EXPECT_EQ(driver.file, "");
  }
}

TEST(KnownDrivers, LoadPluginsAfterThem) {
  const KnownDrivers drivers = find_drivers({{noop_plugin()}, {}}).value();
  EXPECT_EQ(names_of(drivers),
            (std::vector<std::string>{"openvino", "sim", "noop", "noop_plugin"}));
  EXPECT_EQ(drivers.back().file, noop_plugin());
  const DriverSet started = start_drivers(drivers).value();
  EXPECT_NE(started.find("noop_plugin"), nullptr);
}

TEST(KnownDrivers, LoadAPluginOnce) {
  const KnownDrivers drivers = find_drivers({{noop_plugin(), noop_plugin()}, {}}).value();
  EXPECT_EQ(drivers.size(), kLinked.size() + 1);
}

TEST(KnownDrivers, RefuseANameThatIsTaken) {
  const std::string linked = place_of("drivers/noop/libpenstock_taken.so");
  EXPECT_EQ(refusal(linked),
            (Error{Errc::kInvalidArgument,
                   "--driver: plug-in '" + linked +
                       "': its driver is called 'noop', as one that is linked in is; drivers are "
                       "told apart by their names"}));
  const std::string copy = (testing::scratch_folder() / "copy.so").string();
  std::filesystem::copy_file(noop_plugin(), copy);
  const auto drivers = find_drivers({{noop_plugin(), copy}, {}});
  ASSERT_FALSE(drivers.has_value());
  EXPECT_EQ(drivers.error().message,
            "--driver: plug-in '" + copy + "': its driver is called 'noop_plugin', as that of " +
                "plug-in '" + noop_plugin() + "' is; drivers are told apart by their names");
}

TEST(KnownDrivers, SayWhichFileIsNoPluginAndWhy) {
  const std::string missing = "/nowhere/libx.so";
  EXPECT_EQ(refusal(missing).message,
            "--driver: plug-in '" + missing + "': No such file or directory");
  EXPECT_EQ(refusal("libx.so").message, "--driver: plug-in './libx.so': No such file or directory");
  for (const auto& [name, reason] :
       {std::pair("no_entry", "no driver of Penstock: it has no symbol 'penstock_driver_entry'"),
        std::pair("other_major",
                  "driver built for version 2 of the driver interface; this program has version 1"),
        std::pair("crash_in_entry", "it crashed (Aborted) in 'penstock_driver_entry'")}) {
    const std::string file = place_of("drivers/loader/bad_" + std::string(name) + ".so");
    EXPECT_EQ(refusal(file).message, "--driver: plug-in '" + file + "': " + reason);
  }
}

TEST(KnownDrivers, DoNotWaitForAPluginThatHangs) {
  const std::string file = place_of("drivers/loader/bad_hang_at_load.so");
  const auto drivers = find_drivers({{file}, {}}, std::chrono::milliseconds(300));
  ASSERT_FALSE(drivers.has_value());
  EXPECT_EQ(drivers.error(),
            (Error{Errc::kDeadlineExceeded,
                   "--driver: plug-in '" + file +
                       "': it did not come back within 300 ms while it was loaded"}));
}

std::size_t devices_of(const std::vector<std::string>& settings, const std::string& driver) {
  const KnownDrivers known = find_drivers({{noop_plugin()}, settings}).value();
  return start_drivers(known).value().find(driver)->enumerate().value().size();
}

TEST(KnownDrivers, AreStartedWithTheirOptions) {
  EXPECT_EQ(devices_of({}, "noop_plugin"), 1U);
  EXPECT_EQ(devices_of({"noop_plugin.devices=3"}, "noop_plugin"), 3U);
  EXPECT_EQ(devices_of({"noop_plugin.devices=3"}, "noop"), 1U);
  EXPECT_EQ(devices_of({"noop.devices=2", "noop_plugin.devices=3"}, "noop"), 2U);
  EXPECT_EQ(devices_of({"noop.devices=2", "noop.devices=4"}, "noop"), 4U);
}

TEST(KnownDrivers, SayWhichOptionADriverDoesNotKnow) {
  const KnownDrivers known = find_drivers({{noop_plugin()}, {"noop_plugin.cards=2"}}).value();
  const auto started = start_drivers(known);
  ASSERT_FALSE(started.has_value());
  EXPECT_EQ(started.error(),
            (Error{Errc::kInvalidArgument,
                   "--driver-option: 'noop_plugin.cards=2': plug-in '" + noop_plugin() +
                       "': driver 'noop_plugin': unknown option 'cards'; known are devices, "
                       "max_resident, reset, settle, sub_devices"}));
}

TEST(KnownDrivers, SayWhereAWrongOptionWasSaid) {
  const auto refusal_of = [](const std::vector<std::string>& settings) {
    return start_drivers(find_drivers({{}, settings}).value()).error().message;
  };
  setenv(kDriverSettingVariable, " noop.devices=many ; noop.settle=1ms;; ", 1);
  const std::string of_variable = refusal_of({"noop.sub_devices=2"});
  EXPECT_EQ(of_variable.rfind("PENSTOCK_DRIVER_OPTIONS: 'noop.devices=many': driver 'noop': ", 0),
            0U)
      << of_variable;
  const std::string of_both = refusal_of({"noop.settle=never"});
  EXPECT_EQ(of_both.rfind("PENSTOCK_DRIVER_OPTIONS: 'noop.devices=many', --driver-option: "
                          "'noop.settle=never': driver 'noop': ",
                          0),
            0U)
      << of_both;
  unsetenv(kDriverSettingVariable);
  EXPECT_EQ(refusal_of({"openvino.cards=2"}),
            "--driver-option: 'openvino.cards=2': driver 'openvino': unknown option 'cards'; it "
            "takes none");
}

TEST(KnownDrivers, AreLoadedWithoutOptionsWhereNoneAreTaken) {
  setenv(kDriverSettingVariable, "nonsense", 1);
  EXPECT_TRUE(load_drivers({}).has_value());
  EXPECT_FALSE(find_drivers({}).has_value());
  unsetenv(kDriverSettingVariable);
}

TEST(KnownDrivers, RefuseOptionsOfDriversThatTheyDoNotStart) {
  for (const auto& [setting, reason] :
       {std::pair("noop.devices", "wants DRIVER.KEY=VALUE, not 'noop.devices'"),
        std::pair("devices=2", "wants DRIVER.KEY=VALUE, not 'devices=2'"),
        std::pair(".devices=2", "wants DRIVER.KEY=VALUE, not '.devices=2'"),
        std::pair("noop.=2", "wants DRIVER.KEY=VALUE, not 'noop.=2'"),
        std::pair("nop.devices=2",
                  "'nop.devices=2': no driver 'nop'; did you mean 'noop'?; a plug-in is loaded "
                  "with --driver FILE"),
        std::pair("hailo.devices=2",
                  "'hailo.devices=2': no driver 'hailo'; wants one of openvino, sim, noop; a "
                  "plug-in is loaded with --driver FILE"),
        std::pair("sim.devices=mx3",
                  "'sim.devices=mx3': simulated devices are made as the entries of the graph's "
                  "'devices' say: profile, seed, faults")}) {
    const auto drivers = find_drivers({{}, {setting}});
    ASSERT_FALSE(drivers.has_value()) << setting;
    EXPECT_EQ(drivers.error(),
              (Error{Errc::kInvalidArgument, std::string("--driver-option: ") + reason}));
  }
}

}  // namespace
}  // namespace penstock
