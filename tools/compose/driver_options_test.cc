#include "tools/compose/driver_options.h"

#include <chrono>

#include <gtest/gtest.h>

#include "engine/graph/builtin_words.h"
#include "engine/graph/graph_test_kit.h"

namespace penstock {
namespace {

TEST(DriverOptions, RegisterTheDeviceWords) {
  TypeRegistry registry;
  register_driver_words(registry);
  EXPECT_EQ(registry.device_names(),
            (std::vector<std::string>{"cpu", "gpu", "noop", "npu", "sim"}));
  EXPECT_EQ(registry.model_options().front().name(), "hint");
}

TEST(DriverOptions, LetTheModelWinOverItsDevice) {
  DeviceSpec device;
  device.type = "cpu";
  device.options.set("hint", "latency").set("streams", 2);
  ModelSpec model;
  model.driver_options.set("hint", "throughput").set("threads", 4);
  EXPECT_EQ(load_options(model, device, {}),
            (DriverOptions{{"hint", "throughput"}, {"streams", "2"}, {"threads", "4"}}));
}

TEST(DriverOptions, LeaveTheLanguagesOwnWordsOut) {
  DeviceSpec device;
  device.type = "cpu";
  device.options.set("type", "cpu").set("id", "0").set("precision", "f32");
  EXPECT_EQ(load_options({}, device, {}), (DriverOptions{{"precision", "f32"}}));
}

TEST(DriverOptions, GiveNoopItsOwnOptionsOnly) {
  DeviceSpec device;
  device.type = "noop";
  device.options.set("latency", std::chrono::nanoseconds(std::chrono::milliseconds(4)));
  ModelSpec model;
  model.driver_options.set("hint", "throughput");
  EXPECT_EQ(load_options(model, device, {}), (DriverOptions{{"latency", "4000000ns"}}));
}

TEST(DriverOptions, HandOverWhatIsWrittenInTheDriversOwnWords) {
  DeviceSpec device;
  device.type = "npu";
  device.driver = "mine";
  device.options.set("options", OptionValues().set("clock", "400").set("core.mask", "3"));
  ModelSpec model;
  model.options.set("options", OptionValues().set("clock", "800"));
  EXPECT_EQ(load_options(model, device, {}), (DriverOptions{{"clock", "800"}, {"core.mask", "3"}}));
  for (const char* stand_in : {"sim", "noop"}) {
    device.type = stand_in;
    device.driver.clear();
    EXPECT_EQ(load_options(model, device, {}).at("clock"), "400") << "it knows other options";
  }
  device.type = "npu";
  model.batch_size = 4;
  model.options.set("options", OptionValues().set("batch", "2"));
  EXPECT_EQ(load_options(model, device, {}).at("batch"), "4") << "a word of the language wins";
}

TEST(DriverOptions, TreatASimulatedDeviceOfAnotherDriverAsAnyOther) {
  DeviceSpec device;
  device.type = "sim";
  EXPECT_TRUE(is_made_by_sim(device));
  device.driver = "sim";
  EXPECT_TRUE(is_made_by_sim(device));
  device.driver = "mine";
  EXPECT_FALSE(is_made_by_sim(device));
  device.options.set("seed", 7);
  ModelFile file;
  file.hash = "abc";
  EXPECT_EQ(load_options({}, device, file), (DriverOptions{{"seed", "7"}}));
}

TEST(DriverOptions, HandTheModeOverWhereItIsWritten) {
  DeviceSpec device;
  device.type = "sim";
  device.options.set("compute", "none").set("seed", 7);
  ModelSpec model;
  model.mode = "global4";
  model.driver_options.set("hint", "throughput");
  ModelFile file;
  file.path = "model.tflite";
  file.hash = "abc";
  file.integer_options = {{"input_scale", "2"}};
  EXPECT_EQ(load_options(model, device, file),
            (DriverOptions{
                {"compute", "none"}, {"hash", "abc"}, {"input_scale", "2"}, {"mode", "global4"}}));
}

TEST(DriverOptions, TellASimulatedDeviceWhatTheModelMayTakeOfIt) {
  DeviceSpec device;
  device.type = "sim";
  device.sub_devices = {0, 2};
  ModelSpec model;
  model.cores = 1;
  EXPECT_EQ(load_options(model, device, {}).at("sub_devices"), "0,2");
  EXPECT_EQ(load_options(model, device, {}).at("cores"), "1");
  device.type = "npu";
  EXPECT_FALSE(load_options(model, device, {}).contains("cores")) << "it may not know the word";
}

TEST(DriverOptions, GiveASimulatedDeviceTheShapesThatAProcessorGets) {
  ModelSpec model;
  model.batch_size = 4;
  model.batch_buckets = {1, 2};
  model.driver_options.set("pad", 114.0);
  InputShapes shapes;
  shapes.shapes = {{1, 3, 320, 320}, {1, 3, 640, 640}};
  for (const bool implied : {false, true}) {
    shapes.implied = implied;
    model.shapes = {shapes};
    DeviceSpec processor;
    processor.type = "cpu";
    DeviceSpec simulated;
    simulated.type = "sim";
    ModelFile file;
    file.is_default = false;
    EXPECT_EQ(load_options(model, simulated, file), load_options(model, processor, file));
  }
}

TEST(DriverOptions, PinNoTimeOfAVariantThatIsNotTheDefaultOfItsPackage) {
  DeviceSpec device;
  device.type = "sim";
  ModelFile file;
  file.hash = "abc";
  file.is_default = false;
  EXPECT_FALSE(load_options({}, device, file).contains("hash"));
}

TEST(DriverOptions, WriteTheScriptOfASimulatedDeviceInOneLine) {
  OptionValues lost;
  lost.set("fault", "lost").set("at", std::chrono::nanoseconds(std::chrono::seconds(2)));
  OptionValues slow;
  slow.set("fault", "slow").set("probability", 0.25).set("factor", 3.0);
  DeviceSpec device;
  device.type = "sim";
  device.profile = "graphs/mine.yaml";
  device.options.set("profile", "mine.yaml")
      .set("seed", 7)
      .set("compute", "none")
      .set("faults", OptionValue::List{lost, slow});
  EXPECT_EQ(simulation_options(device),
            (DriverOptions{{"profile", "graphs/mine.yaml"},
                           {"seed", "7"},
                           {"faults",
                            "[{at: 2s, kind: lost}, "
                            "{factor: 3, kind: slow, probability: 0.25}]"}}));
}

TEST(DriverOptions, CheckTheWordsOfASimulatedDevice) {
  GraphTestKit kit;
  kit.registry = TypeRegistry();
  register_language_types(kit.registry);
  register_driver_words(kit.registry);
  const auto places = [&](const std::string& words) {
    return kit.places("devices: {d: {type: sim, " + words + "}}\nactors: {}\n");
  };
  const auto only = [&](const std::string& place) {  // Beside a device without use, and no actors.
    return std::vector<std::string>{"E036 1:11", place, "E011 2:1"};
  };
  EXPECT_EQ(places("compute: fast"), only("E014 1:35"));
  EXPECT_EQ(places("faults: [{at: 2s}]"), only("E011 1:35"));
  EXPECT_EQ(places("faults: [{fault: lots}]"), only("E014 1:43"));
  EXPECT_EQ(places("faults: [{fault: lost, at: 2s, after: 3}]"), only("E015 1:57"));
  EXPECT_EQ(places("faults: [{fault: lost, probability: 2}]"), only("E013 1:62"));
  EXPECT_EQ(places("faults: [{fault: lost, factor: 3}]"), only("E015 1:49"));
  EXPECT_EQ(places("faults: [{fault: slow, count: 3}]"), only("E015 1:49"));
  EXPECT_EQ(places("faults: [{fault: hang, mhz: 300}]"), only("E015 1:49"));
  EXPECT_EQ(places("faults: [{fault: slow, fails: true}]"), only("E015 1:49"));
  EXPECT_EQ(places("faults: [{fault: slow, for: 0s}]"), only("E013 1:54"));
  EXPECT_EQ(places("profile: mx4"), only("E060 1:35"));
  const auto ends = [&](const std::string& times) {
    return places("faults: [{fault: slow}, {fault: lost, " + times + "}]");
  };
  EXPECT_EQ(ends("at: 2s, until: 1s"), only("E013 1:79"));
  EXPECT_EQ(ends("at: 2s, until: 2s"), only("E013 1:79"));
  EXPECT_EQ(ends("until: 0s"), only("E013 1:71"));
  EXPECT_EQ(ends("at: 2s, until: 3s"), (std::vector<std::string>{"E036 1:11", "E011 2:1"}));
  EXPECT_NE(kit.message("devices: {d: {type: sim, faults: [{fault: lost, at: 2s, until: 1500ms}]}}"
                        "\nactors: {}\n")
                .find("'until' of 'faults' is 1500ms; it must be later than 'at', which is 2s"),
            std::string::npos);
}

}  // namespace
}  // namespace penstock
