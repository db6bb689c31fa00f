// Each kind of fault that a script can name, on the whole way: a graph with a simulated device, run
// by the program.

#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/support/program_fixture.h"

namespace penstock {
namespace {

using nlohmann::json;

constexpr std::size_t kFrames = 60;

class SimulatedFaultsTest : public testing::ProgramFixture {
 protected:
  SimulatedFaultsTest() { link_from_checkout("models"); }

  /// Runs a graph whose device has the fault `fault`; its results are zeros, which `decode: ssd`
  /// takes for an object at each anchor.
  json run_with(const std::string& fault) {
    std::ofstream(folder_ / "g.yaml") << R"(graph: faults
scheduler: {job_limit: 300ms}
devices:
  npu: {type: sim, profile: mx3, compute: none, faults: [{)"
                                      << fault << R"(}]}
models:
  people:
    file: models/ssd_mobilenet_v2_oid.tflite
    device: npu
    preprocess: {resize: [300, 300], color: rgb, normalize: {mean: 127.5, std: 127.5}}
    postprocess: {decode: ssd, labels: models/oid_labels.txt, score: 0.4, iou: 0.4, keep: [Person]}
actors:
  cam:    {type: test_source, size: [128, 128], frames: 60}
  detect: {type: infer, model: people, in: cam}
  log:    {type: jsonl_sink, in: detect, path: out.jsonl}
)";
    return run_to_any_end({"g.yaml"});
  }

  [[nodiscard]] bool says(const std::string& part) const {
    return err_.find(part) != std::string::npos;
  }

  /// Every frame once, in order, and each line says that it is simulated.
  void expect_all_delivered(const json& summary) const {
    ASSERT_FALSE(summary.is_discarded()) << err_;
    EXPECT_EQ(code_, 0) << err_;
    EXPECT_EQ(summary.at("streams").at(0).at("delivered"), kFrames) << summary;
    const std::vector<json> log = lines("out.jsonl");
    ASSERT_EQ(log.size(), kFrames);
    for (std::size_t i = 0; i < log.size(); ++i) {
      EXPECT_EQ(log[i].at("seq"), i);
      EXPECT_EQ(log[i].at("simulated"), true);
    }
  }
};

const json& device_of(const json& summary) {
  return summary.at("pool").at("devices").at(0);
}

TEST_F(SimulatedFaultsTest, LostIsResetAndRunsItsFramesAgain) {
  const json summary = run_with("fault: lost, after: 20");
  expect_all_delivered(summary);
  EXPECT_EQ(device_of(summary).at("resets"), 1);
  EXPECT_TRUE(says("device 'npu' has faulted: lost (fault script)")) << err_;
}

TEST_F(SimulatedFaultsTest, HangIsNoticedByTheLimitOfAJob) {
  const json summary = run_with("fault: hang, after: 20");
  expect_all_delivered(summary);
  EXPECT_EQ(device_of(summary).at("resets"), 1);
  EXPECT_TRUE(says("did not end a job within its limit")) << err_;
}

TEST_F(SimulatedFaultsTest, SlowTakesItsTime) {
  const json summary = run_with("fault: slow, factor: 100, at: 0s");
  expect_all_delivered(summary);
  // The profile's 0.2 ms a frame, a hundred times; a busy machine only adds to it.
  EXPECT_GE(summary.at("seconds").get<double>(), 0.02 * kFrames);
}

TEST_F(SimulatedFaultsTest, WrongProbesAreWrongResults) {
  expect_all_delivered(run_with("fault: probe_wrong, after: 20"));
  const std::vector<json> log = lines("out.jsonl");
  ASSERT_EQ(log.size(), kFrames);
  EXPECT_FALSE(log.front().at("objects").empty()) << "zeros are objects";
  EXPECT_TRUE(log.back().at("objects").empty()) << "what has all bits is no number";
}

TEST_F(SimulatedFaultsTest, AFailedLoadIsTriedAgain) {
  const json summary = run_with("fault: failed_load, count: 1");
  expect_all_delivered(summary);
  EXPECT_TRUE(says("could not be made resident: the download failed (fault script)")) << err_;
}

TEST_F(SimulatedFaultsTest, ALostClaimRaceEndsTheRunWithTheWinner) {
  run_with("fault: claim_race, count: 1");
  EXPECT_EQ(code_, 4) << err_;
  EXPECT_TRUE(says("sub-devices of 'mx3-0' were claimed by process 1 first (fault script)"))
      << err_;
}

TEST_F(SimulatedFaultsTest, AThrottledDeviceIsDegraded) {
  const json summary = run_with("fault: throttle, mhz: 200, at: 0s");
  expect_all_delivered(summary);
  EXPECT_EQ(device_of(summary).at("health"), "degraded");
  EXPECT_TRUE(says("degraded: throttled (fault script)")) << err_;
}

TEST_F(SimulatedFaultsTest, LinkErrorsAreRepeatedOrFailFrames) {
  expect_all_delivered(run_with("fault: link_errors, probability: 0.2"));
  const json summary = run_with("fault: link_errors, fails: true, after: 20");
  const json& stream = summary.at("streams").at(0);
  EXPECT_EQ(stream.at("delivered"), 20) << stream;
  EXPECT_EQ(stream.at("failed"), kFrames - 20) << stream;
  EXPECT_EQ(stream.at("by_reason").at("device_failed"), kFrames - 20) << stream;
  EXPECT_TRUE(says("link error: the transfer failed (fault script)")) << err_;
}

}  // namespace
}  // namespace penstock
