#include "tools/cli/models_bench.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/support/onnx_writer.h"
#include "tests/support/runfiles.h"
#include "tools/cli/captured_output.h"
#include "tools/cli/command.h"

namespace penstock {
namespace {

using nlohmann::json;
using testing::Answer;
using testing::answer_of;
using testing::contains;

Answer bench(const std::vector<std::string>& words) {
  // Claims are kept in the run directory: that of this test, so that no other process has one.
  setenv("XDG_RUNTIME_DIR", testing::scratch_folder().c_str(), 1);
  return answer_of([&] { return models_bench(words); });
}

std::string model() {
  return testing::asset("models/blazeface_128.onnx").string();
}

TEST(ModelsBench, MeasuresNoop) {
  const Answer answer = bench({model(), "--device", "noop", "--seconds", "0.2", "--json"});
  ASSERT_EQ(answer.code, kExitDone) << answer.err;
  const json figures = json::parse(answer.out);
  EXPECT_EQ(figures.at("device"), "noop:0");
  EXPECT_EQ(figures.at("simulated"), true) << "as the list of devices says";
  EXPECT_FALSE(figures.contains("estimate"));
  EXPECT_EQ(figures.at("failed"), 0);
  EXPECT_GT(figures.at("frames"), 0);
  EXPECT_GT(figures.at("system_fps"), 0);
  EXPECT_GE(figures.at("device_fps"), figures.at("system_fps"));
  EXPECT_GT(figures.at("cpu_fps"), 0);
}

TEST(ModelsBench, WantsAProfileOfASimulatedDevice) {
  const Answer answer = bench({model(), "--device", "sim:"});
  EXPECT_EQ(answer.code, kExitUsage);
  EXPECT_TRUE(contains(answer.err, "'sim:' wants a profile behind it")) << answer.err;
}

TEST(ModelsBench, SaysWhatIsSimulated) {
  const Answer answer =
      bench({model(), "--device", "sim:metis", "--compute", "none", "--seconds", "0.2", "--json"});
  ASSERT_EQ(answer.code, kExitDone) << answer.err;
  const json figures = json::parse(answer.out);
  EXPECT_EQ(figures.at("device"), "metis-0:1:0");
  EXPECT_EQ(figures.at("simulated"), true);
  EXPECT_EQ(figures.at("compute"), "none");
  EXPECT_EQ(figures.at("mode"), "single");
  EXPECT_GT(figures.at("utilisation"), 0);
  EXPECT_GE(figures.at("latency_ms").at("p99"), figures.at("latency_ms").at("p50"));
}

TEST(ModelsBench, TakesTheRateOfASimulatedDeviceFromTheDevice) {
  const std::filesystem::path profile = testing::scratch_folder() / "own.yaml";
  std::ofstream(profile) << "profile: own\ntitle: simulated own\nidentity: 'own-{index}'\n"
                            "sub_devices: {count: 2}\nmodes: [{name: single}]\n"
                            "costs: {frame_us: 10000}\n";
  const Answer answer = bench({model(),
                               "--device",
                               "sim:" + profile.string(),
                               "--compute",
                               "none",
                               "--seconds",
                               "0.3",
                               "--json"});
  ASSERT_EQ(answer.code, kExitDone) << answer.err;
  // The core's own test says exactly how much, in virtual time.
  EXPECT_GT(json::parse(answer.out).at("device_fps"), 0);
}

TEST(ModelsBench, PrintsThreeRates) {
  const Answer answer =
      bench({model(), "--device", "sim:metis", "--compute", "none", "--seconds", "0.1"});
  ASSERT_EQ(answer.code, kExitDone) << answer.err;
  for (const char* part : {"metis-0:1:0 (simulated), mode single",
                           "\nDevice",
                           "\nCPU",
                           "\nSystem",
                           "fps   simulated, ",
                           "\nLatency  p50 "}) {
    EXPECT_TRUE(contains(answer.out, part)) << part << "\n" << answer.out;
  }
}

TEST(ModelsBench, RunsTheGraphsRoundANetwork) {
  const std::filesystem::path folder = testing::scratch_folder() / "cut";
  testing::OnnxWriter pre;
  pre.input("picture", {1, 3, 8, 8}).node("Neg", {"picture"}, {"scaled"});
  pre.output("scaled", {1, 3, 8, 8}).write(folder / "pre.onnx");
  testing::OnnxWriter network;
  network.input("scaled", {1, 3, 8, 8}).node("GlobalAveragePool", {"scaled"}, {"means"});
  network.output("means", {1, 3, 1, 1}).write(folder / "network.onnx");
  std::ofstream(folder / "manifest.yaml")
      << "penstock_package: 1\nname: cut\nnetworks:\n- name: n\n  variants:\n"
         "  - {name: v, model: network.onnx, preprocess: pre.onnx}\n";
  for (const char* device : {"cpu", "noop", "sim:metis"}) {
    std::vector<std::string> words = {folder, "--device", device, "--seconds", "0.2"};
    if (std::string(device) == "sim:metis") {
      words.insert(words.end(), {"--scales", "dynamic"});
    }
    const Answer text = bench(words);
    EXPECT_TRUE(contains(text.out, "\na frame passes pre.onnx on the host, the network\n"))
        << text.out << text.err;
    words.emplace_back("--json");
    const Answer answer = bench(words);
    ASSERT_EQ(answer.code, kExitDone) << device << ": " << answer.err;
    const json figures = json::parse(answer.out);
    EXPECT_EQ(figures.at("before"), "pre.onnx");
    EXPECT_EQ(figures.at("after"), "");
    EXPECT_GT(figures.at("frames"), 0);
    EXPECT_GE(figures.at("latency_ms").at("p50"), figures.at("device_latency_ms").at("p50"));
  }
}

TEST(ModelsBench, RunsTheNetworkAndVariantOfTheirNames) {
  const std::filesystem::path folder = testing::scratch_folder() / "several";
  for (const int size : {8, 16}) {
    testing::OnnxWriter network;
    network.input("image", {1, 3, size, size}).node("GlobalAveragePool", {"image"}, {"means"});
    network.output("means", {1, 3, 1, 1}).write(folder / (std::to_string(size) + ".onnx"));
  }
  std::ofstream(folder / "manifest.yaml")
      << "penstock_package: 1\nname: several\nnetworks:\n- name: first\n  variants:\n"
         "  - {name: small, model: 8.onnx}\n  - {name: large, model: 16.onnx}\n"
         "- name: second\n  variants:\n  - {name: v, model: 8.onnx, modes: [multi]}\n";
  const auto on_metis = [&](const std::vector<std::string>& choice) {
    std::vector<std::string> words = {folder, "--device", "sim:metis", "--compute", "none"};
    words.insert(words.end(), {"--seconds", "0.1"});
    words.insert(words.end(), choice.begin(), choice.end());
    return bench(words);
  };
  EXPECT_TRUE(contains(on_metis({"--variant", "large"}).out,
                       "several, variant large on metis-0:1:0 (simulated), mode single"));
  const Answer second = on_metis({"--network", "second", "--json"});
  ASSERT_EQ(second.code, kExitDone) << second.err;
  EXPECT_EQ(json::parse(second.out).at("network"), "second");
  EXPECT_EQ(json::parse(second.out).at("mode"), "multi") << "as its variant says";
  const Answer unknown = on_metis({"--network", "first", "--variant", "larg"});
  EXPECT_EQ(unknown.code, kExitUnavailable);
  EXPECT_TRUE(contains(unknown.err, "has no variant 'larg'")) << unknown.err;
  EXPECT_TRUE(contains(unknown.err, "did you mean 'large'?")) << unknown.err;
}

TEST(ModelsBench, RefusesCoresAndModesThatTheDeviceDoesNotHave) {
  const auto on_metis = [](const std::string& option, const std::string& value) {
    return bench(
        {model(), "--device", "sim:metis", "--compute", "none", "--seconds", "0.1", option, value});
  };
  const Answer many = on_metis("--cores", "99");
  EXPECT_EQ(many.code, kExitUsage);
  EXPECT_TRUE(contains(many.err,
                       "--cores 99: device 'metis-0:1:0' has 4 sub-devices, so 1 to 4 are allowed"))
      << many.err;
  const Answer none = on_metis("--cores", "0");
  EXPECT_EQ(none.code, kExitUsage);
  EXPECT_TRUE(contains(none.err, "--cores wants at least 1")) << none.err;
  EXPECT_TRUE(contains(on_metis("--cores", "-1").err, "not '-1'"));
  EXPECT_EQ(on_metis("--cores", "4").code, kExitDone);
  const Answer mode = on_metis("--mode", "global8");
  EXPECT_EQ(mode.code, kExitUsage);
  EXPECT_TRUE(contains(mode.err, "must be one of auto, single, multi, global4")) << mode.err;
  const Answer cpu = bench({model(), "--device", "cpu", "--seconds", "0.1", "--cores", "2"});
  EXPECT_EQ(cpu.code, kExitUsage);
  EXPECT_TRUE(contains(cpu.err, "--cores 2: device 'cpu:0' has no sub-devices")) << cpu.err;
}

TEST(ModelsBench, NamesWhatIsWrong) {
  EXPECT_EQ(bench({}).code, kExitUsage);
  EXPECT_TRUE(contains(bench({model(), "--seconds", "0"}).err, "not '0'"));
  EXPECT_TRUE(contains(bench({model(), "--batch", "0"}).err, "--batch wants at least 1"));
  const Answer device = bench({model(), "--device", "nop"});
  EXPECT_EQ(device.code, kExitUnavailable);
  EXPECT_TRUE(contains(device.err, "did you mean 'noop'?")) << device.err;
  EXPECT_TRUE(contains(bench({model(), "--device", "cpu", "--compute", "none"}).err,
                       "--compute is for simulated devices"));
  const Answer scales = bench({model(), "--device", "sim:metis"});
  EXPECT_EQ(scales.code, kExitUnavailable);
  EXPECT_TRUE(contains(scales.err, "E061")) << scales.err;
}

}  // namespace
}  // namespace penstock
