// Each word through its function, with what it prints captured.

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/support/runfiles.h"
#include "tools/cli/actors_command.h"
#include "tools/cli/bench_command.h"
#include "tools/cli/captured_output.h"
#include "tools/cli/check_command.h"
#include "tools/cli/devices_command.h"
#include "tools/cli/graph_command.h"
#include "tools/cli/models_command.h"
#include "tools/cli/schema_command.h"
#include "tools/cli/version_command.h"

namespace penstock {
namespace {

using nlohmann::json;
using testing::Answer;
using testing::answer_of;
using testing::contains;

Answer ask(const Command& command, const std::vector<std::string>& words) {
  return answer_of([&] { return command.run(words); });
}

std::string write_graph(const std::string& name, const std::string& text) {
  const auto path = testing::scratch_folder() / name;
  std::ofstream(path) << text;
  return path.string();
}

std::string right_graph() {
  return write_graph("right.yaml", R"(graph: g
params:
  out: {default: out/a.jsonl}
actors:
  cam: {type: video_source, uri: "rtsp://10.0.0.1/main"}
  log: {type: jsonl_sink, in: cam, path: $(out)}
)");
}

std::string wrong_graph() {
  return write_graph("wrong.yaml", R"(graph: g
actors:
  cam: {type: video_source, uri: "rtsp://10.0.0.1/main"}
  log: {type: jsonl_sink, in: cma, path: out/a.jsonl}
)");
}

std::string read(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

TEST(CheckCommand, AcceptsARightGraph) {
  const Answer answer = ask(check_command(), {right_graph(), "--set", "out=b.jsonl"});
  EXPECT_EQ(answer.code, kExitDone) << answer.err;
  EXPECT_TRUE(contains(answer.out, "right.yaml: right; 2 nodes, 0 models\n")) << answer.out;
  EXPECT_EQ(answer.err, "");
}

TEST(CheckCommand, ShowsWhatIsWrongOnStderr) {
  const Answer answer = ask(check_command(), {wrong_graph()});
  EXPECT_EQ(answer.code, kExitUsage);
  EXPECT_EQ(answer.out, "");
  EXPECT_TRUE(contains(answer.err, "error[E031]")) << answer.err;
  EXPECT_TRUE(contains(answer.err, "did you mean 'cam'"));
  EXPECT_FALSE(contains(answer.err, "\x1b"));  // Not a terminal: no colours.
}

TEST(CheckCommand, TellsProgramsOnStdout) {
  const Answer answer = ask(check_command(), {wrong_graph(), "--json"});
  EXPECT_EQ(answer.code, kExitUsage);
  const json diagnostic = json::parse(answer.out).at("diagnostics").at(0);
  EXPECT_EQ(diagnostic.at("code"), "E031");
  EXPECT_EQ(diagnostic.at("line"), 4);
  EXPECT_EQ(answer.err, "");
}

TEST(CheckCommand, SaysWhatOnlyAProgramCanRun) {
  const std::string graph = write_graph(
      "app.yaml", "actors:\n  cam: {type: app_source}\n  end: {type: app_sink, in: cam}\n");
  const Answer answer = ask(check_command(), {graph});
  EXPECT_EQ(answer.code, kExitUsage);
  EXPECT_TRUE(contains(answer.err,
                       ":2:3: error[E037]: actor 'cam' (app_source) is fed by a C++ program of "
                       "yours, and 'penstock run' is none"))
      << answer.err;
  EXPECT_TRUE(contains(answer.err, ":3:3: error[E037]: actor 'end' (app_sink) gives its frames to"))
      << answer.err;
  const Answer embedded = ask(check_command(), {graph, "--embedded"});
  EXPECT_EQ(embedded.code, kExitDone) << embedded.err;
  EXPECT_EQ(ask(graph_command(), {graph}).code, kExitDone) << "it can be drawn";
}

TEST(CheckCommand, WantsAFile) {
  EXPECT_EQ(ask(check_command(), {}).code, kExitUsage);
  EXPECT_EQ(ask(check_command(), {"no-such.yaml"}).code, kExitUsage);
  EXPECT_EQ(ask(check_command(), {right_graph(), "--set", "x"}).code, kExitUsage);
}

TEST(CheckCommand, ChecksAgainstTheModelFile) {
  const std::string model = testing::asset("models/blazeface_128.onnx").string();
  const std::string path = write_graph("model.yaml", R"(graph: g
models:
  faces:
    file: )" + model + R"(
    preprocess: {letterbox: [64, 64]}
actors:
  cam:    {type: video_source, uri: "rtsp://10.0.0.1/main"}
  detect: {type: infer, model: faces, in: cam}
  log:    {type: discard, in: detect}
)");
  const Answer answer = ask(check_command(), {path});
  EXPECT_EQ(answer.code, kExitUsage);
  EXPECT_TRUE(contains(answer.err, "error[E041]")) << answer.err;
}

TEST(CheckCommand, NamesAWrongProfileOnceWithItsPlace) {
  write_graph("wrong_profile.yaml",
              "profile: own\ntitle: simulated own\nidentity: 'own-{index}'\n"
              "sub_devices: {count: 3}\nmodes: [{name: single}]\njitter: 2\n");
  const std::string model = testing::asset("models/blazeface_128.onnx").string();
  const std::string path = write_graph("on_wrong_profile.yaml", R"(graph: g
devices:
  npu: {type: sim, profile: wrong_profile.yaml}
models:
  faces: {file: )" + model + R"(, device: npu, preprocess: {letterbox: [128, 128]}}
actors:
  cam:    {type: video_source, uri: "rtsp://10.0.0.1/main"}
  detect: {type: infer, model: faces, in: cam}
  log:    {type: discard, in: detect}
)");
  const Answer answer = ask(check_command(), {path});
  EXPECT_EQ(answer.code, kExitUnavailable);
  EXPECT_TRUE(contains(answer.err, "wrong_profile.yaml:6:9: error[E013]: 'jitter' is '2'"))
      << answer.err;
  const auto first = answer.err.find("driver 'sim'");
  EXPECT_NE(first, std::string::npos) << answer.err;
  EXPECT_EQ(answer.err.find("driver 'sim'", first + 1), std::string::npos) << answer.err;
}

TEST(GraphCommand, PrintsTextUnlessTold) {
  const Answer answer = ask(graph_command(), {right_graph()});
  EXPECT_EQ(answer.code, kExitDone) << answer.err;
  EXPECT_TRUE(contains(answer.out, "g: 1 stream, 2 segments\n"));
  EXPECT_TRUE(contains(answer.out, "-> log  queue 4"));
}

TEST(GraphCommand, TakesTheFormatFromTheNameOfTheFile) {
  const auto svg = testing::scratch_folder() / "right.svg";
  const Answer answer = ask(graph_command(), {right_graph(), "-o", svg.string()});
  EXPECT_EQ(answer.code, kExitDone) << answer.err;
  EXPECT_EQ(answer.out, "");
  EXPECT_EQ(read(svg).rfind("<svg ", 0), 0U);
  EXPECT_TRUE(contains(ask(graph_command(), {right_graph(), "--format", "dot"}).out, "digraph"));
}

TEST(GraphCommand, RefusesAWrongGraphFormatOrPlace) {
  EXPECT_EQ(ask(graph_command(), {wrong_graph()}).code, kExitUsage);
  const Answer format = ask(graph_command(), {right_graph(), "--format", "sgv"});
  EXPECT_EQ(format.code, kExitUsage);
  EXPECT_TRUE(contains(format.err, "did you mean 'svg'"));
  EXPECT_EQ(ask(graph_command(), {right_graph(), "-o", "/no/such/folder/a.svg"}).code, kExitFailed);
  const Answer picture = ask(graph_command(), {right_graph(), "-o", "/no/such/folder/a.png"});
  EXPECT_EQ(picture.code, kExitUsage);
  EXPECT_TRUE(contains(picture.err, "a.png' tells no format")) << picture.err;
}

TEST(ActorsCommand, ListsTypesAndShowsOne) {
  EXPECT_TRUE(contains(ask(actors_command(), {}).out, "  tracker"));
  const Answer one = ask(actors_command(), {"tracker"});
  EXPECT_EQ(one.code, kExitDone);
  EXPECT_TRUE(contains(one.out, "Ports\n"));
  EXPECT_TRUE(contains(ask(actors_command(), {"--markdown"}).out, "### `tracker`"));
}

TEST(ActorsCommand, TellsPrograms) {
  const json one = json::parse(ask(actors_command(), {"video_source", "--json"}).out);
  EXPECT_EQ(one.at("kind"), "source");
  EXPECT_EQ(one.at("outputs").at(0).at("adds").at(0), "image");
  const json& uri = one.at("options").at(0);
  EXPECT_EQ(uri.at("name"), "uri");
  EXPECT_EQ(uri.at("required"), true);
  const json all = json::parse(ask(actors_command(), {"--json"}).out);
  EXPECT_GT(all.at("actors").size(), 5U);
}

TEST(ActorsCommand, NamesTheNearestType) {
  const Answer answer = ask(actors_command(), {"traker"});
  EXPECT_EQ(answer.code, kExitUsage);
  EXPECT_EQ(answer.err, "penstock: no actor type 'traker'; did you mean 'tracker'?\n");
}

TEST(SchemaCommand, PrintsJson) {
  const json schema = json::parse(ask(schema_command(), {}).out);
  EXPECT_TRUE(schema.contains("$schema"));
  const json manifest = json::parse(ask(schema_command(), {"--manifest"}).out);
  EXPECT_TRUE(manifest.at("properties").contains("penstock_package"));
}

TEST(VersionCommand, NamesCompilerAndDrivers) {
  const json versions = json::parse(ask(version_command(), {"--json"}).out);
  EXPECT_FALSE(versions.at("version").get<std::string>().empty());
  EXPECT_TRUE(versions.at("drivers").contains("openvino"));
  EXPECT_TRUE(contains(ask(version_command(), {}).out, "compiler"));
}

TEST(VersionCommand, StartsNoDriverAndAsksForNoOptions) {
  setenv("PENSTOCK_DRIVER_OPTIONS", "nonsense", 1);
  EXPECT_EQ(ask(version_command(), {}).code, kExitDone);
  unsetenv("PENSTOCK_DRIVER_OPTIONS");
}

TEST(Commands, RefuseAWrongOptionOfADriverAsWrongUsage) {
  const std::string graph = write_graph("noop.yaml",
                                        R"(graph: g
models: {faces: {file: )" + testing::asset("models/blazeface_128.onnx").string() +
                                            R"(, device: noop}}
actors:
  cam: {type: test_source, size: [128, 128]}
  look: {type: infer, model: faces, in: cam}
  end: {type: discard, in: look}
)");
  const std::vector<std::string> wrong = {"--driver-option", "noop.cards=2"};
  const auto with = [&](std::vector<std::string> words) {
    words.insert(words.end(), wrong.begin(), wrong.end());
    return words;
  };
  const Answer devices = ask(devices_command(), wrong);
  EXPECT_EQ(devices.code, kExitUsage);
  EXPECT_TRUE(contains(devices.err, "--driver-option: 'noop.cards=2': driver 'noop': unknown"))
      << devices.err;
  const Answer checked = ask(check_command(), with({graph}));
  EXPECT_EQ(checked.code, kExitUsage);
  EXPECT_TRUE(
      contains(checked.err, "--driver-option: error[E038]: 'noop.cards=2': driver 'noop': unknown"))
      << checked.err;
  EXPECT_FALSE(contains(checked.err, "E060")) << checked.err;
}

TEST(CheckCommand, ReportsWrongOptionsOfDriversWithAllElseThatIsWrong) {
  const std::string graph = write_graph("wrong.yaml",
                                        R"(graph: g
models: {faces: {file: )" + testing::asset("models/blazeface_128.onnx").string() +
                                            R"(, device: noop}}
actors:
  cam: {type: test_source, size: [128, 128]}
  look: {type: infer, model: faces, in: cam}
  end: {type: discard, in: loko}
)");
  const auto reported = [&](const std::string& setting) {
    const Answer answer = ask(check_command(), {graph, "--driver-option", setting, "--json"});
    EXPECT_EQ(answer.code, kExitUsage);
    const json all = json::parse(answer.out, nullptr, false).value("diagnostics", json::array());
    std::vector<std::string> lines;
    for (const json& one : all) {
      lines.push_back(one.value("code", "") + " " + one.value("file", ""));
    }
    return lines;
  };
  using Lines = std::vector<std::string>;
  const std::string in_graph = "E031 " + graph;
  EXPECT_EQ(reported("noop.cards=2"), Lines({"E038 --driver-option", in_graph}));
  EXPECT_EQ(reported("nop.devices=2"), Lines({"E038 --driver-option", in_graph}));
  setenv("PENSTOCK_DRIVER_OPTIONS", "noop", 1);
  EXPECT_EQ(reported("devices"),
            Lines({"E038 PENSTOCK_DRIVER_OPTIONS", "E038 --driver-option", in_graph}));
  const Answer text = ask(check_command(), {graph});
  unsetenv("PENSTOCK_DRIVER_OPTIONS");
  EXPECT_EQ(text.code, kExitUsage);
  EXPECT_TRUE(contains(text.err,
                       "PENSTOCK_DRIVER_OPTIONS: error[E038]: wants DRIVER.KEY=VALUE, not 'noop'"))
      << text.err;
  EXPECT_TRUE(contains(text.err, "no actor 'loko'; did you mean 'look'")) << text.err;
}

TEST(DevicesCommand, SaysWhichAreSimulated) {
  const json devices = json::parse(ask(devices_command(), {"--json"}).out).at("devices");
  ASSERT_GE(devices.size(), 2U);
  EXPECT_EQ(devices.front().at("identity"), "cpu:0");
  EXPECT_EQ(devices.front().at("simulated"), false);
  EXPECT_EQ(devices.back().at("identity"), "noop:0");
  EXPECT_EQ(devices.back().at("simulated"), true);
}

TEST(DevicesCommand, ListsAndShowsASimulatedDeviceByItsProfile) {
  const json listed =
      json::parse(ask(devices_command(), {"list", "sim:metis", "--json"}).out).at("devices");
  ASSERT_EQ(listed.size(), 1U);
  EXPECT_EQ(listed.front().at("identity"), "metis-0:1:0");
  const Answer shown = ask(devices_command(), {"show", "sim:metis"});
  EXPECT_EQ(shown.code, kExitDone) << shown.err;
  EXPECT_TRUE(contains(shown.out, "ddr_size")) << shown.out;
  const Answer watched = ask(devices_command(), {"watch", "sim:metis", "--count", "1"});
  EXPECT_TRUE(contains(watched.out, "metis-0:1:0 (simulated)")) << watched.out;
  EXPECT_EQ(ask(devices_command(), {"show", "sim:"}).code, kExitUsage);
}

TEST(DevicesCommand, ListsForPeople) {
  const Answer answer = ask(devices_command(), {"list"});
  EXPECT_EQ(answer.code, kExitDone) << answer.err;
  EXPECT_EQ(answer.out.rfind("DEVICE", 0), 0U);
  EXPECT_TRUE(contains(answer.out, "simulated"));
  EXPECT_EQ(ask(devices_command(), {"lst"}).code, kExitUsage);
}

TEST(DevicesCommand, ShowsOneDevice) {
  const json device = json::parse(ask(devices_command(), {"show", "noop:0", "--json"}).out);
  EXPECT_EQ(device.at("identity"), "noop:0");
  EXPECT_EQ(device.at("health").at("state"), "ok");
  EXPECT_TRUE(device.at("properties").is_array());
  const Answer unknown = ask(devices_command(), {"show", "noop:7"});
  EXPECT_EQ(unknown.code, kExitUnavailable);
  EXPECT_TRUE(contains(unknown.err, "did you mean 'noop:0'?")) << unknown.err;
  EXPECT_EQ(ask(devices_command(), {"show"}).code, kExitUsage);
}

TEST(DevicesCommand, WatchesALineARound) {
  const Answer answer = ask(devices_command(), {"watch", "noop:0", "--count", "1", "--json"});
  EXPECT_EQ(answer.code, kExitDone) << answer.err;
  EXPECT_EQ(json::parse(answer.out).at("health"), "ok");
  EXPECT_EQ(ask(devices_command(), {"watch", "--count", "no"}).code, kExitUsage);
}

TEST(DevicesCommand, RefusesSettingsThatMakeNoSense) {
  EXPECT_EQ(ask(devices_command(), {"set", "noop:0", "clock"}).code, kExitUsage);
  EXPECT_EQ(ask(devices_command(), {"set", "noop:0", "clock=1"}).code, kExitUsage);
}

TEST(CheckCommand, EndsWithUnavailableForDevicesThatAreNotThere) {
  const std::string graph = write_graph(
      "npu.yaml",
      "models: {m: {file: \"" + testing::asset("models/blazeface_128.onnx").string() +
          "\", device: d}}\n"
          "devices: {d: {type: cpu, id: \"cpu:99\"}}\n"
          "actors:\n  cam: {type: video_source, uri: \"rtsp://h/a\"}\n"
          "  d: {type: infer, model: m, in: cam}\n  log: {type: jsonl_sink, in: d, path: a}\n");
  const Answer answer = ask(check_command(), {graph});
  EXPECT_EQ(answer.code, kExitUnavailable) << answer.err;
  EXPECT_TRUE(contains(answer.err, "error[E060]")) << answer.err;
}

TEST(ModelsCommand, InspectsAModelFile) {
  const std::string model = testing::asset("models/blazeface_128.onnx").string();
  const Answer answer = ask(models_command(), {"inspect", model});
  EXPECT_EQ(answer.code, kExitDone) << answer.err;
  EXPECT_TRUE(contains(answer.out, "blazeface_128.onnx: 1 network\n"));
  EXPECT_TRUE(contains(answer.out, "letterbox: [128, 128]"));
}

TEST(ModelsCommand, RefusesWhatIsNoModel) {
  const Answer missing = ask(models_command(), {"inspect", "no-such.onnx"});
  EXPECT_EQ(missing.code, kExitUnavailable);
  EXPECT_TRUE(contains(missing.err, "no-such.onnx"));
  const Answer word = ask(models_command(), {"inspct", "a.onnx"});
  EXPECT_EQ(word.code, kExitUsage);
  EXPECT_TRUE(contains(word.err, "did you mean 'inspect'"));
}

TEST(BenchCommand, NamesTheNearestBenchmark) {
  const Answer answer = ask(bench_command(), {"preproces"});
  EXPECT_EQ(answer.code, kExitUsage);
  EXPECT_TRUE(contains(answer.err, "did you mean 'preprocess'"));
}

}  // namespace
}  // namespace penstock
