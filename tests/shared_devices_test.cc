// Graphs whose models share devices, run by the program as a person would run them.

#include <algorithm>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/support/child_program.h"
#include "tests/support/program_fixture.h"

namespace penstock {
namespace {

using nlohmann::json;
using testing::ChildProgram;

/// Every fifth frame of the clip is enough to see whether boxes are in their place.
constexpr std::size_t kSampled = 159;

class SharedDevicesTest : public testing::ProgramFixture {
 protected:
  SharedDevicesTest() { take_graphs({"two-models.yaml", "shared-npu.yaml", "failover.yaml"}); }

  /// Writes a graph that finds people on some frames of a clip, on `device`.
  void write_people(const std::string& name,
                    const std::string& device,
                    const std::string& model) const {
    std::ofstream(folder_ / "graphs" / (name + ".yaml")) << "graph: " << name << R"(
devices:
  npu: {)" << device << R"(}
models:
  people:
    file: )" << model << R"(
    device: npu
    preprocess: {resize: [300, 300], color: rgb, normalize: {mean: 127.5, std: 127.5}}
    postprocess: {decode: ssd, labels: ../models/oid_labels.txt, score: 0.4, iou: 0.4, keep: [Person]}
actors:
  cam:    {type: video_source, uri: ../clips/vtest.avi}
  some:   {type: sample, every: 5, in: cam}
  detect: {type: infer, model: people, in: some}
  log:    {type: jsonl_sink, in: detect, path: out/)" << name
                                                         << ".jsonl}\n";
  }
};

/// All frames were delivered but those that the graph itself leaves out.
void expect_all_delivered(const json& summary) {
  for (const json& stream : summary.at("streams")) {
    EXPECT_EQ(stream.at("delivered").get<int>() + stream.at("dropped").get<int>(),
              stream.at("offered").get<int>())
        << stream;
    EXPECT_EQ(stream.at("lost"), 0) << stream;
    EXPECT_EQ(stream.at("failed"), 0) << stream;
  }
}

double overlap(const json& a, const json& b) {
  const auto at = [](const json& box, std::size_t i) { return box[i].get<double>(); };
  const double w =
      std::min(at(a, 0) + at(a, 2), at(b, 0) + at(b, 2)) - std::max(at(a, 0), at(b, 0));
  const double h =
      std::min(at(a, 1) + at(a, 3), at(b, 1) + at(b, 3)) - std::max(at(a, 1), at(b, 1));
  if (w <= 0 || h <= 0) {
    return 0;
  }
  return w * h / (at(a, 2) * at(a, 3) + at(b, 2) * at(b, 3) - w * h);
}

/// Returns the share of the boxes of `reference` that have one of at least 0.9 overlap in `other`.
double matched_share(const std::vector<json>& reference, const std::vector<json>& other) {
  std::size_t boxes = 0;
  std::size_t matched = 0;
  for (std::size_t i = 0; i < std::min(reference.size(), other.size()); ++i) {
    for (const json& object : reference[i].at("objects")) {
      const json& candidates = other[i].at("objects");
      // A score at the threshold may fall on either side of it: that is no box out of place.
      if (object.at("score").get<double>() < 0.45) {
        continue;
      }
      ++boxes;
      matched += std::any_of(candidates.begin(), candidates.end(), [&](const json& one) {
        return overlap(object.at("box"), one.at("box")) >= 0.9;
      });
    }
  }
  EXPECT_GT(boxes, 300U);
  return static_cast<double>(matched) / static_cast<double>(std::max<std::size_t>(boxes, 1));
}

TEST_F(SharedDevicesTest, TwoModelsTakeTurnsOnADeviceThatHoldsOne) {
  const json summary = run({"graphs/two-models.yaml"});
  expect_all_delivered(summary);
  for (const json& model : summary.at("pool").at("models")) {
    EXPECT_EQ(model.at("frames"), 795);
    EXPECT_GT(model.at("swaps"), 2) << model;
    // Turns, not a swap for every frame.
    EXPECT_LT(model.at("swaps"), 200) << model;
  }
  EXPECT_EQ(summary.at("pool").at("devices").at(0).at("simulated"), true);
  for (const std::string file : {"two-models-people.jsonl", "two-models-faces.jsonl"}) {
    const auto log = lines("out/" + file);
    ASSERT_EQ(log.size(), 795U) << file;
    for (std::size_t i = 0; i < log.size(); ++i) {
      EXPECT_EQ(log[i].at("seq"), i) << file;
    }
    EXPECT_EQ(log.front().at("simulated"), true);
  }
}

TEST_F(SharedDevicesTest, StreamsShareADeviceByWeight) {
  const json summary = run({"graphs/shared-npu.yaml"});
  EXPECT_EQ(summary.at("streams").size(), 3U);
  expect_all_delivered(summary);
}

TEST_F(SharedDevicesTest, AGraphGoesOnWhenADeviceDies) {
  const json summary = run({"graphs/failover.yaml"});
  expect_all_delivered(summary);
  EXPECT_GE(summary.at("pool").at("devices").at(0).at("resets"), 1);
  EXPECT_EQ(summary.at("pool").at("devices").at(1).at("resets"), 0);
  const auto log = lines("out/failover.jsonl");
  ASSERT_EQ(log.size(), 795U);
  for (std::size_t i = 0; i < log.size(); ++i) {
    EXPECT_EQ(log[i].at("seq"), i);
  }
  EXPECT_NE(err_.find("'first' has faulted"), std::string::npos) << err_;
}

TEST_F(SharedDevicesTest, TheSameGraphGivesTheSameBoxesOnEveryDevice) {
  // Integer devices need scales: the package has them from the clip, and runs on all.
  ChildProgram pack = penstock({"models",
                                "pack",
                                "models/ssd_mobilenet_v2_oid.tflite",
                                "-o",
                                "people.zip",
                                "--calibrate",
                                "clips/vtest.avi",
                                "--mean",
                                "127.5",
                                "--std",
                                "127.5"});
  ASSERT_EQ(pack.wait(), 0) << pack.err();
  write_people("cpu", "type: cpu, precision: f32", "../people.zip");
  expect_all_delivered(run({"graphs/cpu.yaml"}));
  const auto reference = lines("out/cpu.jsonl");
  ASSERT_EQ(reference.size(), kSampled);
  for (const std::string profile : {"mx3", "metis", "aries"}) {
    write_people(profile, "type: sim, profile: " + profile, "../people.zip");
    const json summary = run({"graphs/" + profile + ".yaml"});
    expect_all_delivered(summary);
    const auto log = lines("out/" + profile + ".jsonl");
    ASSERT_EQ(log.size(), kSampled) << profile;
    for (std::size_t i = 0; i < log.size(); ++i) {
      EXPECT_EQ(log[i].at("seq"), reference[i].at("seq")) << profile;
    }
    EXPECT_GE(matched_share(reference, log), 0.95) << profile;
  }
}

TEST_F(SharedDevicesTest, ADeviceThatComputesNothingAccountsForTheSameFrames) {
  write_people("nothing",
               "type: noop, inputs: \"normalized_input_image_tensor:f32:1x300x300x3:NHWC\", "
               "outputs: \"raw_outputs/box_encodings:f32:1x1917x4,"
               "raw_outputs/class_predictions:f32:1x1917x24\"",
               "../models/ssd_mobilenet_v2_oid.tflite");
  const json summary = run({"graphs/nothing.yaml"});
  const json& stream = summary.at("streams").at(0);
  EXPECT_EQ(stream.at("delivered").get<std::size_t>(), kSampled) << stream;
  EXPECT_EQ(stream.at("offered"), 795);
  EXPECT_EQ(stream.at("lost"), 0);
  EXPECT_EQ(lines("out/nothing.jsonl").size(), kSampled);
}

}  // namespace
}  // namespace penstock
