// Drivers that are loaded while the program runs, used as a person would use them.

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/support/child_program.h"
#include "tests/support/onnx_writer.h"
#include "tests/support/program_fixture.h"
#include "tests/support/runfiles.h"

namespace penstock {
namespace {

using nlohmann::json;
using testing::ChildProgram;
namespace fs = std::filesystem;

constexpr int kUsage = 2;
constexpr int kUnavailable = 4;
constexpr int kKilled = 130;
constexpr int kFrames = 20;

std::string file_of(const std::string& place) {
  return fs::absolute(testing::checkout_file(place)).string();
}

class DriverPluginsTest : public testing::ProgramFixture {
 protected:
  DriverPluginsTest() {
    ::unsetenv("PENSTOCK_DRIVERS");
    ::unsetenv("PENSTOCK_DRIVER_OPTIONS");
    fs::copy_file(testing::checkout_file("drivers/noop/libpenstock_noop.so"), folder_ / kPlugin);
  }

  /// A graph whose model is on the device `words`, with `model` beside the model's file.
  void write_graph(const std::string& words, const std::string& model = "") const {
    write("g.yaml",
          "graph: plugin\n"
          "devices:\n"
          "  npu: {" +
              words +
              "}\n"
              "models:\n"
              "  faces: {file: \"" +
              fs::absolute(testing::asset("models/blazeface_128.onnx")).string() +
              "\", device: [npu]" + model +
              "}\n"
              "actors:\n"
              "  cam:  {type: test_source, size: [128, 128], frames: 20}\n"
              "  look: {type: infer, model: faces, in: cam}\n"
              "  end:  {type: discard, in: look}\n");
  }

  /// A graph whose model is `file`, which holds one of the accelerator's own kind.
  void write_npu_graph(const std::string& file) const {
    write("g.yaml",
          "models:\n"
          "  net:\n"
          "    file: " +
              file +
              "\n"
              "    device: npu\n"
              "    options: {inputs: \"in:f32:1x128x128x3:NHWC\", outputs: \"out:f32:1x4\"}\n"
              "actors:\n"
              "  cam:  {type: test_source, size: [128, 128], frames: 20}\n"
              "  look: {type: infer, model: net, in: cam}\n"
              "  end:  {type: discard, in: look}\n");
  }

  /// Runs the program to its end; leaves `code_` and `err_`, returns what it printed.
  std::string ask(std::vector<std::string> words) {
    ChildProgram program = penstock(std::move(words));
    code_ = program.wait();
    err_ = program.err();
    return program.out();
  }

  [[nodiscard]] bool says(const std::string& part) const {
    return err_.find(part) != std::string::npos;
  }

  static constexpr const char* kPlugin = "libmine.so";
  /// The ports of the model, for a driver that reads no files.
  static constexpr const char* kPorts =
      "inputs: \"in:f32:1x128x128x3:NHWC\", "
      "outputs: \"a:f32:1x512x1, b:f32:1x384x1, c:f32:1x512x16, d:f32:1x384x16\"";
};

TEST_F(DriverPluginsTest, RunAGraphOnTheirDevices) {
  write_graph(std::string("type: noop, driver: noop_plugin, id: \"noop:0\", ") + kPorts);
  const json summary = run({"g.yaml", "--driver", kPlugin});
  ASSERT_FALSE(summary.is_discarded()) << err_;
  EXPECT_EQ(summary.at("streams").at(0).at("delivered"), kFrames) << summary;
}

TEST_F(DriverPluginsTest, BringAnAcceleratorThatGraphsFindByItsKind) {
  const std::string npu = file_of("drivers/noop/libpenstock_npu.so");
  const std::string ports = std::string("options: {") + kPorts + "}";
  for (const std::string device : {"type: npu, id: \"noop:0\", ", "type: auto, "}) {
    write_graph(device + ports);
    const json summary = run({"g.yaml", "--driver", npu});
    ASSERT_FALSE(summary.is_discarded()) << err_;
    EXPECT_EQ(summary.at("streams").at(0).at("delivered"), kFrames) << summary;
    EXPECT_EQ(summary.at("pool").at("devices").at(0).at("identity"), "noop:0") << summary;
  }
  write_graph("type: npu, " + ports);
  ask({"check", "g.yaml"});
  EXPECT_EQ(code_, kUnavailable);
  EXPECT_TRUE(says("no device of type 'npu'")) << err_;
}

TEST_F(DriverPluginsTest, ReadModelFilesOfTheirOwnKind) {
  const std::string npu = file_of("drivers/noop/libpenstock_npu.so");
  write("net.npu", "compiled");
  EXPECT_NE(ask({"models", "inspect", "net.npu", "--driver", npu}).find("in  f32 1x128x128x3 NHWC"),
            std::string::npos)
      << err_;
  ask({"models", "inspect", "net.txt", "--driver", npu});
  EXPECT_EQ(code_, kUnavailable);
  for (const std::string word : {"inspect", "verify", "pack"}) {
    ask({"models", word, "net.npu"});
    EXPECT_EQ(code_, kUnavailable);
    EXPECT_EQ(err_,
              "penstock: 'net.npu' is no model package: wants a folder, a .zip, .onnx, .tflite or "
              ".xml file; a plug-in whose driver reads such files is loaded with --driver FILE\n");
  }
  write_npu_graph("net.npu");
  EXPECT_EQ(run({"g.yaml", "--driver", npu}).at("streams").at(0).at("delivered"), kFrames);
  ask({"check", "g.yaml"});
  EXPECT_TRUE(says("error[E018]")) << err_;
  EXPECT_TRUE(says("is loaded with --driver FILE")) << err_;
}

TEST_F(DriverPluginsTest, ThatHangAreEndedByTheFirstSignalAndNamed) {
  write("net.npu", "compiled");
  write_npu_graph("net.npu");
  for (const int signal : {SIGINT, SIGTERM}) {
    for (const std::string call : {"open_device", "close_device"}) {
      ::setenv("NPU_PLUGIN_HANGS_IN", call.c_str(), 1);
      ChildProgram program =
          penstock({"run", "g.yaml", "--driver", file_of("drivers/noop/libpenstock_npu.so")});
      ::unsetenv("NPU_PLUGIN_HANGS_IN");
      ASSERT_TRUE(program.read_until("hangs in " + call)) << program.err();
      program.send(signal);
      EXPECT_EQ(program.wait(), kKilled) << program.err();
      EXPECT_NE(program.err().find("stopped before it ran: driver 'npu_plugin' is in '" + call +
                                   "' of device 'noop:0'"),
                std::string::npos)
          << program.err();
    }
  }
}

TEST_F(DriverPluginsTest, SayWhatEachDriverMakesOfAFile) {
  write("net.txt", "a text");
  ask({"models", "inspect", "net.txt", "--driver", file_of("drivers/noop/libpenstock_npu.so")});
  EXPECT_EQ(code_, kUnavailable);
  EXPECT_TRUE(
      says("model 'net.txt': openvino reads .onnx, .tflite and .xml; driver 'npu_plugin': "))
      << err_;
}

TEST_F(DriverPluginsTest, AreMissedByNameWhereAPackageHoldsFilesOfTheirOwnKind) {
  write("net.npu", "compiled");
  ask({"models",
       "pack",
       "net.npu",
       "-o",
       "net.zip",
       "--driver",
       file_of("drivers/noop/libpenstock_npu.so")});
  ASSERT_EQ(code_, 0) << err_;
  const std::string rule =
      "network 'net.npu': openvino reads .onnx, .tflite and .xml; a plug-in whose driver reads "
      "such "
      "files is loaded with --driver FILE\n";
  ask({"models", "verify", "net.zip"});
  EXPECT_EQ(code_, kUnavailable);
  EXPECT_EQ(err_, "penstock: 'net.zip', network 'net', variant 'net': " + rule);
  ask({"models", "inspect", "net.zip"});
  EXPECT_EQ(code_, kUnavailable);
  EXPECT_EQ(err_, "penstock: package 'net', " + rule);
  write_npu_graph("net.zip");
  ask({"check", "g.yaml"});
  EXPECT_TRUE(says("error[E018]: model 'net': package 'net', " + rule)) << err_;
}

TEST_F(DriverPluginsTest, CannotCalibrateFilesOfTheirOwnKind) {
  const std::string npu = file_of("drivers/noop/libpenstock_npu.so");
  write("net.npu", "compiled");
  ask({"models", "pack", "net.npu", "-o", "net.zip", "--driver", npu, "--calibrate", "clip.avi"});
  EXPECT_EQ(code_, kUnavailable);
  EXPECT_EQ(
      err_,
      "penstock: --calibrate runs the model on the host, which reads .onnx, .tflite and .xml, "
      "not 'net.npu'; leave --calibrate out, and calibrate the model that this one was made "
      "from\n");
  EXPECT_FALSE(fs::exists(folder_ / "net.zip"));
}

TEST_F(DriverPluginsTest, PackAndVerifyModelFilesOfTheirOwnKind) {
  const std::string npu = file_of("drivers/noop/libpenstock_npu.so");
  write("net.npu", "compiled");
  EXPECT_NE(ask({"models", "pack", "net.npu", "-o", "net.zip", "--driver", npu})
                .find("wrote net.zip: package 'net'"),
            std::string::npos)
      << err_;
  EXPECT_EQ(code_, 0);
  for (const std::string file : {"net.zip", "net.npu"}) {
    EXPECT_NE(ask({"models", "verify", file, "--driver", npu}).find(file + ": sound;"),
              std::string::npos)
        << err_;
    ask({"models", "verify", file});
    EXPECT_EQ(code_, kUnavailable) << file;
  }
  ask({"models", "pack", "net.npu", "-o", "again.zip"});
  EXPECT_EQ(code_, kUnavailable);
  EXPECT_FALSE(fs::exists(folder_ / "again.zip"));
  for (const std::string word : {"pack", "verify"}) {
    ask({"models", word, "net.npu", "--driver", "nowhere.so"});
    EXPECT_EQ(code_, kUsage) << word;
    EXPECT_TRUE(says("--driver: plug-in './nowhere.so': No such file or directory")) << err_;
  }
}

TEST_F(DriverPluginsTest, RunFilesOfTheirOwnKindWithGraphsForTheHost) {
  const std::string npu = file_of("drivers/noop/libpenstock_npu.so");
  write("net.npu", "compiled");
  testing::OnnxWriter post;
  post.input("out", {1, 4}).constant("two", {1}, {2}).node("Mul", {"out", "two"}, {"twice"});
  post.output("twice", {1, 4}).write(folder_ / "post.onnx");
  ask({"models",
       "pack",
       "net.npu",
       "--postprocess",
       "post.onnx",
       "-o",
       "net.zip",
       "--driver",
       npu});
  ASSERT_EQ(code_, 0) << err_;
  write_npu_graph("net.zip");
  EXPECT_EQ(run({"g.yaml", "--driver", npu}).at("streams").at(0).at("delivered"), kFrames);
}

TEST_F(DriverPluginsTest, RunTheGraphOfTheDocuments) {
  fs::create_directories(folder_ / "docs/examples");
  fs::copy_file(testing::checkout_file("docs/examples/plug-in.yaml"),
                folder_ / "docs/examples/plug-in.yaml");
  fs::create_directories(folder_ / "models");
  fs::create_symlink(fs::absolute(testing::asset("models/blazeface_128.onnx")),
                     folder_ / "models/blazeface_128.onnx");
  run({"docs/examples/plug-in.yaml", "--driver", kPlugin});
}

TEST_F(DriverPluginsTest, ComeFromTheEnvironmentToo) {
  write_graph(std::string("type: noop, driver: noop_plugin, ") + kPorts);
  ::setenv("PENSTOCK_DRIVERS", (":" + (folder_ / kPlugin).string() + ":").c_str(), 1);
  EXPECT_NE(ask({"check", "g.yaml"}).find("g.yaml: right"), std::string::npos) << err_;
  EXPECT_EQ(code_, 0);
  // Named again, it is the same.
  ask({"check", "g.yaml", "--driver", kPlugin});
  EXPECT_EQ(code_, 0) << err_;
  ::setenv("PENSTOCK_DRIVERS", "/nowhere/libx.so", 1);
  ask({"check", "g.yaml"});
  EXPECT_EQ(code_, kUsage);
  EXPECT_EQ(err_,
            "PENSTOCK_DRIVERS: error[E038]: plug-in '/nowhere/libx.so': No such file or directory\n"
            "1 error, 0 warnings\n");
}

TEST_F(DriverPluginsTest, AreListedWithFileAndVersion) {
  const json version = json::parse(ask({"version", "--json", "--driver", kPlugin}), nullptr, false);
  ASSERT_FALSE(version.is_discarded()) << err_;
  EXPECT_EQ(version.at("drivers").at("noop_plugin"), "1");
  EXPECT_EQ(version.at("plugins"), (json{{"noop_plugin", "./libmine.so"}}));
  EXPECT_NE(ask({"version", "--driver", kPlugin})
                .find("driver    noop_plugin 1 (plug-in ./libmine.so)\n"),
            std::string::npos);
  EXPECT_EQ(json::parse(ask({"version", "--json"})).at("plugins"), json::object());

  const json devices = json::parse(ask({"devices", "--json", "--driver", kPlugin})).at("devices");
  EXPECT_EQ(devices.back().at("driver"), "noop_plugin");
  EXPECT_EQ(devices.back().at("identity"), "noop:0");
}

TEST_F(DriverPluginsTest, HaveDevicesOfTheSameIdentityAsOthers) {
  for (const auto& [name, driver] :
       {std::pair("noop_plugin/noop:0", "noop_plugin"), std::pair("noop:0", "noop")}) {
    const json device =
        json::parse(ask({"devices", "show", name, "--json", "--driver", kPlugin}), nullptr, false);
    ASSERT_FALSE(device.is_discarded()) << err_;
    EXPECT_EQ(device.at("driver"), driver);
  }
  ask({"devices", "show", "noop_plugn/noop:0", "--driver", kPlugin});
  EXPECT_EQ(code_, kUnavailable);
  EXPECT_TRUE(says("did you mean 'noop_plugin/noop:0'?")) << err_;
}

TEST_F(DriverPluginsTest, TakeOptionsInTheirOwnWords) {
  const std::string device = "type: noop, driver: noop_plugin, options: {latency: soon}, ";
  write_graph(device + kPorts);
  ask({"check", "g.yaml", "--driver", kPlugin});
  EXPECT_EQ(code_, kUnavailable);
  EXPECT_TRUE(says("model 'faces' on device 'noop:0': option 'latency' is 'soon'")) << err_;
  // What the model says wins.
  write_graph(device + kPorts, ", options: {latency: 1ms}");
  EXPECT_EQ(run({"g.yaml", "--driver", kPlugin}).at("streams").at(0).at("delivered"), kFrames);

  write_graph(std::string("type: noop, driver: noop_plugin, options: {max_reqs: 2}, ") + kPorts);
  ask({"check", "g.yaml", "--driver", kPlugin});
  EXPECT_EQ(code_, kUnavailable);
  EXPECT_TRUE(says("g.yaml:3:52: error[E060]")) << err_;
  EXPECT_TRUE(says("unknown option 'max_reqs'; known are ")) << err_;
}

TEST_F(DriverPluginsTest, AreStartedWithOptionsOfTheProgramsUser) {
  const std::string two = "noop_plugin.devices=2";
  write_graph(std::string("type: noop, driver: noop_plugin, id: \"noop:1\", ") + kPorts);
  ask({"check", "g.yaml", "--driver", kPlugin});
  EXPECT_EQ(code_, kUnavailable) << "there is only one";
  const json summary = run({"g.yaml", "--driver", kPlugin, "--driver-option", two});
  ASSERT_FALSE(summary.is_discarded()) << err_;
  EXPECT_EQ(summary.at("streams").at(0).at("delivered"), kFrames) << summary;

  ::setenv("PENSTOCK_DRIVER_OPTIONS", (two + ";noop.devices=2").c_str(), 1);
  ask({"check", "g.yaml", "--driver", kPlugin});
  EXPECT_EQ(code_, 0) << err_;
  // The command line wins.
  ask({"check", "g.yaml", "--driver", kPlugin, "--driver-option", "noop_plugin.devices=1"});
  EXPECT_EQ(code_, kUnavailable) << err_;
  // Without the plug-in its options mean nothing, and are not passed over.
  ask({"check", "g.yaml"});
  EXPECT_EQ(code_, kUsage);
  EXPECT_EQ(err_,
            "PENSTOCK_DRIVER_OPTIONS: error[E038]: 'noop_plugin.devices=2': no driver "
            "'noop_plugin'; wants one of openvino, sim, noop; a plug-in is loaded with --driver "
            "FILE\n1 error, 0 warnings\n");
}

TEST_F(DriverPluginsTest, AreAskedForByNameOrNotAtAll) {
  write_graph(std::string("type: noop, driver: noop_plugin, ") + kPorts);
  ask({"check", "g.yaml"});
  EXPECT_EQ(code_, kUnavailable);
  EXPECT_TRUE(
      says("g.yaml:3:29: error[E060]: device 'npu': no driver 'noop_plugin'; there are "
           "'openvino', 'sim', 'noop'"))
      << err_;
  EXPECT_TRUE(says("a plug-in is loaded with --driver FILE")) << err_;
  write_graph(std::string("type: npu, driver: noop_plugin"));
  ask({"check", "g.yaml", "--driver", kPlugin});
  EXPECT_EQ(code_, kUnavailable);
  EXPECT_TRUE(says("no device of type 'npu' of driver 'noop_plugin'")) << err_;
}

TEST_F(DriverPluginsTest, EndTheProgramWhereTheyCannotBeLoaded) {
  write_graph(std::string("type: noop, ") + kPorts);
  const std::string taken = file_of("drivers/noop/libpenstock_taken.so");
  const std::string crashes = file_of("drivers/loader/bad_crash_at_load.so");
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{"run", "g.yaml"},
                                             {"check", "g.yaml"},
                                             {"devices"},
                                             {"models", "bench", "model.onnx"},
                                             {"version"}}) {
    std::vector<std::string> all = words;
    all.insert(all.end(), {"--driver", kPlugin, "--driver", taken});
    ask(all);
    EXPECT_EQ(code_, kUsage) << words.front();
    const bool has_graph = words.back() == "g.yaml";
    const std::string option = has_graph ? "--driver: error[E038]: " : "penstock: --driver: ";
    EXPECT_TRUE(says(option + "plug-in '" + taken +
                     "': its driver is called 'noop', as one that is linked in is"))
        << err_;
    all.back() = crashes;
    ask(all);
    EXPECT_EQ(code_, kUsage) << words.front();
    EXPECT_TRUE(says(option + "plug-in '" + crashes +
                     "': it crashed (Segmentation fault) while it was loaded\n"))
        << err_;
  }
}

TEST_F(DriverPluginsTest, AreNotNamedByGraphs) {
  write("g.yaml", "plugins: [libmine.so]\nactors: {}\n");
  ask({"check", "g.yaml"});
  EXPECT_EQ(code_, kUsage);
  EXPECT_TRUE(says("g.yaml:1:1: error[E004]")) << err_;
}

}  // namespace
}  // namespace penstock
