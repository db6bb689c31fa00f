// `penstock fit` through its function, with what it prints captured.

#include "tools/cli/fit_command.h"

#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/support/runfiles.h"
#include "tools/cli/captured_output.h"

namespace penstock {
namespace {

using nlohmann::json;
using testing::Answer;
using testing::answer_of;
using testing::contains;

Answer fit(std::vector<std::string> words) {
  return answer_of([&] { return fit_command().run(words); });
}

std::string write_file(const std::string& name, const std::string& text) {
  const auto path = testing::scratch_folder() / name;
  std::ofstream(path) << text;
  return path.string();
}

/// Two models on two devices, of which a clip is named that is not there.
std::string graph_on(const std::string& name, const std::string& devices) {
  const std::string model = testing::asset("models/blazeface_128.onnx").string();
  return write_file(name, "graph: g\ndevices:\n" + devices + R"(models:
  near: {file: )" + model + R"(, device: first, preprocess: {letterbox: [128, 128]}}
  far:  {file: )" + model + R"(, device: second, preprocess: {letterbox: [128, 128]}}
actors:
  gate:   {type: video_source, uri: no/such/clip.mp4, live: true, priority: high}
  yard:   {type: video_source, uri: "rtsp://10.0.0.1/main"}
  detect: {type: infer, model: near, in: [gate, yard]}
  again:  {type: infer, model: far, in: yard}
  end:    {type: discard, in: detect}
  done:   {type: discard, in: again}
)");
}

std::string simulated_graph() {
  return graph_on("simulated.yaml",
                  "  first: {type: sim, profile: mx3, faults: [{fault: lost, after: 5}]}\n"
                  "  second: {type: sim, profile: aries}\n");
}

std::string host_graph() {
  return graph_on("host.yaml", "  first: {type: cpu}\n  second: {type: sim, profile: aries}\n");
}

const std::vector<std::string> kShort = {"--seconds", "1", "--max-streams", "4"};

Answer fit_short(std::vector<std::string> words) {
  words.insert(words.end(), kShort.begin(), kShort.end());
  return fit(std::move(words));
}

TEST(FitCommand, KeepsTheDevicesOfTheGraphAndNeedsNoClip) {
  const Answer answer = fit_short({simulated_graph()});
  EXPECT_EQ(answer.code, kExitDone) << answer.err;
  EXPECT_TRUE(contains(answer.out,
                       "on first=sim:mx3, second=sim:aries, simulated: streams of 30 frames/s "
                       "(assumed: --fps), at most 1 % dropped\n"))
      << answer.out;
  EXPECT_TRUE(contains(answer.out, "4 streams fit; no limit met")) << answer.out;
  EXPECT_TRUE(contains(answer.out, "  2 gate ")) << answer.out;
  EXPECT_TRUE(contains(answer.out, "  2 yard ")) << answer.out;
}

TEST(FitCommand, PutsAllModelsOnOneDevice) {
  const Answer answer = fit_short({host_graph(), "--device", "sim:mx3", "--fps", "25"});
  EXPECT_EQ(answer.code, kExitDone) << answer.err;
  EXPECT_TRUE(contains(answer.out, "on sim:mx3, simulated: streams of 25 frames/s, at most"))
      << answer.out;
}

TEST(FitCommand, LetsASimulatedDevicePlayOneOfTheGraph) {
  const Answer answer = fit_short({host_graph(), "--device", "first=sim:metis"});
  EXPECT_EQ(answer.code, kExitDone) << answer.err;
  EXPECT_TRUE(contains(answer.out, "on first=sim:metis, second=sim:aries, simulated"))
      << answer.out;
}

TEST(FitCommand, TellsPrograms) {
  const Answer answer = fit_short({simulated_graph(), "--json"});
  ASSERT_EQ(answer.code, kExitDone) << answer.err;
  const json said = json::parse(answer.out);
  EXPECT_EQ(said.at("simulated"), true);
  EXPECT_EQ(said.at("devices"), (json{{"first", "sim:mx3"}, {"second", "sim:aries"}}));
  EXPECT_EQ(said.at("fps"), 30);
  EXPECT_EQ(said.at("fps_assumed"), true);
  EXPECT_EQ(said.at("streams"), 4);
  EXPECT_FALSE(said.contains("limit"));
  ASSERT_EQ(said.at("models").size(), 2U);
  EXPECT_EQ(said.at("models").at(0), (json{{"name", "far"}, {"service_time", "cost model"}}));
  ASSERT_EQ(said.at("fits").at("by_stream").size(), 2U);
  EXPECT_EQ(said.at("fits").at("by_stream").at(1).at("name"), "yard");
  EXPECT_EQ(said.at("fits").at("by_stream").at(1).at("streams"), 2);
}

TEST(FitCommand, NamesTheFirstLimit) {
  const Answer answer = fit({simulated_graph(), "--seconds", "1", "--fps", "2000", "--json"});
  ASSERT_EQ(answer.code, kExitDone) << answer.err;
  const json said = json::parse(answer.out);
  EXPECT_LT(said.at("streams"), 4);
  EXPECT_EQ(said.at("limit").at("kind"), "link") << said;
  EXPECT_EQ(said.at("fps_assumed"), false);
}

TEST(FitCommand, TakesAProfileOfTheUser) {
  const std::string profile =
      write_file("own.yaml",
                 "profile: own\ntitle: simulated own\nidentity: 'own-{index}'\n"
                 "sub_devices: {count: 1}\nmodes: [{name: single}]\ncosts: {frame_us: 10000}\n");
  const Answer answer = fit({host_graph(), "--device", "sim:" + profile, "--seconds", "1"});
  EXPECT_EQ(answer.code, kExitDone) << answer.err;
  EXPECT_TRUE(contains(answer.out, "the first limit is device")) << answer.out;
}

TEST(FitCommand, RefusesADeviceThatIsNotSimulatedSayingWhatWouldDo) {
  const Answer own = fit_short({host_graph()});
  EXPECT_EQ(own.code, kExitUsage);
  EXPECT_TRUE(contains(own.err, "model 'near' runs on 'first', which is not simulated")) << own.err;
  EXPECT_TRUE(contains(own.err, "--device first=sim:mx3")) << own.err;
  const Answer cpu = fit_short({host_graph(), "--device", "cpu"});
  EXPECT_EQ(cpu.code, kExitUsage);
  EXPECT_TRUE(contains(cpu.err, "not 'cpu': only simulated devices")) << cpu.err;
}

TEST(FitCommand, RefusesADeviceThatNobodyKnows) {
  const Answer name = fit_short({simulated_graph(), "--device", "third=sim:mx3"});
  EXPECT_EQ(name.code, kExitUsage);
  EXPECT_TRUE(contains(name.err, "runs on a device 'third'; there are: first, second")) << name.err;
  const Answer profile = fit_short({simulated_graph(), "--device", "sim:mx4"});
  EXPECT_EQ(profile.code, kExitUnavailable);
  EXPECT_TRUE(contains(profile.err, "no simulated device 'mx4'; there are mx3, metis, aries"))
      << profile.err;
  const Answer both =
      fit_short({simulated_graph(), "--device", "sim:mx3", "--device", "first=sim:mx3"});
  EXPECT_EQ(both.code, kExitUsage);
  EXPECT_TRUE(contains(both.err, "it stands alone")) << both.err;
}

TEST(FitCommand, RefusesAGraphWithoutAModel) {
  const std::string graph = write_file("none.yaml", R"(graph: none
actors:
  cam: {type: video_source, uri: "rtsp://10.0.0.1/main"}
  end: {type: discard, in: cam}
)");
  const Answer answer = fit_short({graph, "--device", "sim:mx3"});
  EXPECT_EQ(answer.code, kExitUsage);
  EXPECT_TRUE(contains(answer.err, "graph 'none' runs no model: no device limits it"))
      << answer.err;
}

TEST(FitCommand, RefusesAModelThatIsNotThere) {
  const std::string graph = write_file("gone.yaml", R"(graph: gone
models:
  gone: {file: no/such.onnx}
actors:
  cam: {type: video_source, uri: "rtsp://10.0.0.1/main"}
  run: {type: infer, model: gone, in: cam}
  end: {type: discard, in: run}
)");
  const Answer answer = fit_short({graph, "--device", "sim:mx3"});
  EXPECT_EQ(answer.code, kExitUsage);
  EXPECT_TRUE(contains(answer.err, "no/such.onnx")) << answer.err;
}

TEST(FitCommand, RefusesNumbersOutOfTheirRange) {
  for (const std::vector<std::string>& words : {std::vector<std::string>{"--fps", "0"},
                                                {"--fps", "many"},
                                                {"--drops", "100%"},
                                                {"--seconds", "0"},
                                                {"--max-streams", "5000"},
                                                {"--sreams", "2"}}) {
    std::vector<std::string> all = {simulated_graph()};
    all.insert(all.end(), words.begin(), words.end());
    const Answer answer = fit(all);
    EXPECT_EQ(answer.code, kExitUsage) << words[0];
    EXPECT_TRUE(contains(answer.err, words[0])) << answer.err;
  }
  EXPECT_EQ(fit({}).code, kExitUsage);
}

}  // namespace
}  // namespace penstock
