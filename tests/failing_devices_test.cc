// Devices that do not say that they are out of order, on the whole way: a graph with a healthy
// second device, run by the program. What the first one cannot do, the second one does.

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/support/program_fixture.h"
#include "tests/support/runfiles.h"

namespace penstock {
namespace {

using nlohmann::json;

constexpr std::size_t kFrames = 60;

class FailingDevicesTest : public testing::ProgramFixture {
 protected:
  FailingDevicesTest() { link_from_checkout("models"); }

  /// Runs a graph on a device of the noop driver with the load option `trouble`, and on a healthy
  /// one.
  json run_with(const std::string& trouble, const std::string& scheduler = "job_limit: 200ms") {
    const std::string ports =
        "inputs: \"image:f32:1x128x128x3:NHWC\", "
        "outputs: \"a:f32:1x512x1, b:f32:1x384x1, c:f32:1x512x16, d:f32:1x384x16\"";
    std::ofstream(folder_ / "g.yaml")
        << "graph: failing\nscheduler: {" << scheduler << "}\ndevices:\n"
        << "  bad:  {type: noop, driver: noop_plugin, id: \"noop:0\", " << ports << ", options: {"
        << trouble << "}}\n"
        << "  good: {type: noop, driver: noop, id: \"noop:0\", " << ports << "}\n"
        << R"(models:
  faces: {file: models/blazeface_128.onnx, device: [bad, good], failover: true}
actors:
  cam:  {type: test_source, size: [128, 128], frames: 60}
  look: {type: infer, model: faces, in: cam}
  log:  {type: jsonl_sink, in: look, path: out.jsonl}
)";
    return run_to_any_end({"g.yaml", "--driver", plugin_});
  }

  const std::string plugin_ =
      std::filesystem::absolute(testing::checkout_file("drivers/noop/libpenstock_noop.so"));

  [[nodiscard]] bool says(const std::string& part) const {
    return err_.find(part) != std::string::npos;
  }

  /// Every frame has ended, no more than `most_failed` of them badly, and those that are left are
  /// in order.
  void expect_ended(const json& summary, std::size_t most_failed) const {
    ASSERT_FALSE(summary.is_discarded()) << err_;
    EXPECT_EQ(code_, 0) << err_;
    const json& stream = summary.at("streams").at(0);
    EXPECT_LE(stream.at("failed"), most_failed) << stream;
    EXPECT_GE(stream.at("delivered"), kFrames - most_failed) << stream;
    EXPECT_EQ(stream.at("lost"), 0) << stream;
    const std::vector<json> log = lines("out.jsonl");
    for (std::size_t i = 1; i < log.size(); ++i) {
      EXPECT_LT(log[i - 1].at("seq"), log[i].at("seq"));
    }
  }
};

TEST_F(FailingDevicesTest, DeviceOnWhichEveryJobFailsIsLeft) {
  const json summary = run_with("fail_every: 1");
  expect_ended(summary, 7);  // Whose two runs fail before the device is taken for faulty.
  EXPECT_TRUE(says("device 'bad' fails one job of 'faces' after the other")) << err_;
}

TEST_F(FailingDevicesTest, FailLimitIsAWordOfTheLanguage) {
  expect_ended(run_with("fail_every: 1", "fail_limit: 3"), 2);
}

TEST_F(FailingDevicesTest, DeviceThatEndsNoJobIsLeftAndItsFramesAreSaved) {
  const json summary = run_with("hold_after: 10");
  expect_ended(summary, 0);
  EXPECT_TRUE(says("device 'bad' did not end a job within its limit: it is reset")) << err_;
  EXPECT_TRUE(says("device 'bad' has jobs that a reset does not end")) << err_;
}

}  // namespace
}  // namespace penstock
