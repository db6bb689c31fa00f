// A running graph looked at from outside, with the program as a person would use it.

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "tests/support/child_program.h"
#include "tests/support/program_fixture.h"
#include "tests/support/runfiles.h"

namespace penstock {
namespace {

using nlohmann::json;
using testing::ChildProgram;
namespace fs = std::filesystem;

constexpr int kUnavailable = 4;
constexpr int kMostTries = 500;

class StatusTest : public testing::ProgramFixture {
 protected:
  StatusTest() {
    // The graph's address lies there, and the system takes no more than 107 letters of it.
    std::string pattern = "/tmp/penstock-test.XXXXXX";
    run_folder_ = ::mkdtemp(pattern.data());
    ::setenv("XDG_RUNTIME_DIR", run_folder_.c_str(), 1);
    write("live.yaml",
          "devices: {npu: {type: sim, profile: metis, compute: none, scales: dynamic}}\n"
          "models: {faces: {file: \"" +
              fs::absolute(testing::asset("models/blazeface_128.onnx")).string() +
              "\", device: npu}}\n"
              "actors:\n"
              "  cam: {type: test_source, size: [64, 64], fps: 30, live: true}\n"
              "  look: {type: infer, model: faces, in: cam}\n"
              "  end: {type: discard, in: look}\n");
  }

  ~StatusTest() override { fs::remove_all(run_folder_); }

  StatusTest(const StatusTest&) = delete;
  StatusTest& operator=(const StatusTest&) = delete;

  /// Asks until the graph answers and has delivered something.
  [[nodiscard]] json status_of_running_graph() const {
    for (int i = 0; i < kMostTries; ++i) {
      ChildProgram status = penstock({"status", "--json"});
      if (status.wait() == 0) {
        json answer = json::parse(status.out(), nullptr, false);
        if (answer.is_object() && answer.at("streams").at(0).at("delivered") > 0) {
          return answer;
        }
      }
    }
    return {};
  }

  fs::path run_folder_;
};

TEST_F(StatusTest, ShowsAGraphOnASimulatedDeviceWhileItRuns) {
  ChildProgram run = penstock({"run", "live.yaml", "--quiet"});
  const json status = status_of_running_graph();
  ASSERT_TRUE(status.is_object()) << run.err();
  EXPECT_EQ(status.at("graph"), "live");
  EXPECT_EQ(status.at("streams").at(0).at("name"), "cam");
  const json& device = status.at("devices").at(0);
  EXPECT_EQ(device.at("name"), "npu");
  EXPECT_EQ(device.at("simulated"), true);
  EXPECT_EQ(device.at("health"), "ok");
  EXPECT_EQ(status.at("packages").at(0).at("name"), "faces");
  EXPECT_GE(status.at("decision_count"), 1);

  ChildProgram top = penstock({"top", "live", "--count", "1"});
  EXPECT_EQ(top.wait(), 0) << top.err();
  EXPECT_NE(top.out().find("(simulated)"), std::string::npos) << top.out();

  ChildProgram devices = penstock({"devices", "list", "--sim", "--json"});
  EXPECT_EQ(devices.wait(), 0) << devices.err();
  bool is_in_use = false;
  const json listed = json::parse(devices.out(), nullptr, false);
  for (const json& one : listed.at("devices")) {
    if (one.at("identity") == device.at("identity")) {
      is_in_use = one.at("sub_devices").at(0).at("in_use_by") == status.at("pid");
    }
  }
  EXPECT_TRUE(is_in_use) << devices.out();

  run.send(SIGINT);
  EXPECT_EQ(run.wait(), 0) << run.err();
  ChildProgram after = penstock({"status"});
  EXPECT_EQ(after.wait(), kUnavailable) << after.out();
}

TEST_F(StatusTest, ForgetsAGraphThatWasKilled) {
  ChildProgram run = penstock({"run", "live.yaml", "--quiet"});
  ASSERT_TRUE(status_of_running_graph().is_object()) << run.err();
  run.send(SIGKILL);
  run.wait();
  ChildProgram after = penstock({"status"});
  EXPECT_EQ(after.wait(), kUnavailable) << after.out();
  for (const auto& entry : fs::directory_iterator(run_folder_ / "penstock")) {
    EXPECT_NE(entry.path().extension(), ".status") << "nobody left it there";
  }
}

}  // namespace
}  // namespace penstock
