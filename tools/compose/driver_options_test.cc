#include "tools/compose/driver_options.h"

#include <chrono>

#include <gtest/gtest.h>

namespace penstock {
namespace {

TEST(DriverOptions, RegisterTheDeviceWords) {
  TypeRegistry registry;
  register_driver_words(registry);
  EXPECT_EQ(registry.device_names(), (std::vector<std::string>{"cpu", "gpu", "noop", "npu"}));
  EXPECT_EQ(registry.model_options().front().name(), "hint");
}

TEST(DriverOptions, LetTheModelWinOverItsDevice) {
  DeviceSpec device;
  device.type = "cpu";
  device.options.set("hint", "latency").set("streams", 2);
  ModelSpec model;
  model.driver_options.set("hint", "throughput").set("threads", 4);
  EXPECT_EQ(load_options(model, device),
            (DriverOptions{{"hint", "throughput"}, {"streams", "2"}, {"threads", "4"}}));
}

TEST(DriverOptions, LeaveTheLanguagesOwnWordsOut) {
  DeviceSpec device;
  device.type = "cpu";
  device.options.set("type", "cpu").set("id", "0").set("precision", "f32");
  EXPECT_EQ(load_options({}, device), (DriverOptions{{"precision", "f32"}}));
}

TEST(DriverOptions, GiveNoopItsOwnOptionsOnly) {
  DeviceSpec device;
  device.type = "noop";
  device.options.set("latency", std::chrono::nanoseconds(std::chrono::milliseconds(4)));
  ModelSpec model;
  model.driver_options.set("hint", "throughput");
  EXPECT_EQ(load_options(model, device), (DriverOptions{{"latency", "4000000ns"}}));
}

}  // namespace
}  // namespace penstock
