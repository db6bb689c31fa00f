// Models whose sizes are open, in graphs, run by the program as a person would run it.

#include <fstream>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "drivers/openvino/open_model.h"
#include "tests/support/child_program.h"
#include "tests/support/program_fixture.h"

namespace penstock {
namespace {

using nlohmann::json;
using testing::ChildProgram;

constexpr std::size_t kFrames = 7;
constexpr const char* kProcessor = "{type: cpu, precision: f32}";

class BucketsTest : public testing::ProgramFixture {
 protected:
  BucketsTest() { openvino::write_open_classifier(folder_.string()); }

  /// Runs a graph of two streams, each with pictures of its size, through a model with `words`;
  /// returns the scores of each stream's frames, and leaves what became of them in `outcomes_`.
  std::map<std::string, std::vector<json>> scores_of(const std::string& name,
                                                     const std::string& words,
                                                     const std::string& device = kProcessor) {
    write_graph(name, words, device);
    const json summary = run({name + ".yaml"});
    outcomes_.clear();
    for (const json& stream : summary.at("streams")) {
      for (const char* word : {"delivered", "dropped", "cancelled", "failed", "lost"}) {
        outcomes_[stream.at("name").get<std::string>() + " " + word] = stream.at(word);
      }
    }
    std::map<std::string, std::vector<json>> scores;
    for (const std::string stream : {"near", "far"}) {
      for (const json& line : lines("out/" + name + "-" + stream + ".jsonl")) {
        scores[stream].push_back(line.at("labels"));
      }
      EXPECT_EQ(scores[stream].size(), kFrames) << name << ": " << err_;
    }
    return scores;
  }

  /// `device` is `it`; others may stand behind it, for a model whose `words` name its devices.
  void write_graph(const std::string& name,
                   const std::string& words,
                   const std::string& device = kProcessor) const {
    std::ofstream(folder_ / (name + ".yaml")) << "graph: " << name << R"(
devices:
  it: )" << device << R"(
models:
  colour:
    file: open_classifier.xml
    )" << (words.find("device:") == std::string::npos ? "device: it\n    " : "")
                                              << words << R"(
actors:
  near:   {type: test_source, size: [96, 64], frames: 7, seed: 1}
  far:    {type: test_source, size: [200, 160], frames: 7, seed: 2}
  small:  {type: preprocess, resize: [48, 32], in: near}
  large:  {type: preprocess, resize: [80, 64], in: far}
  net_s:  {type: infer, model: colour, in: small}
  net_l:  {type: infer, model: colour, in: large}
  read_s: {type: softmax, labels: [a, b, c, d], top_k: 4, in: net_s}
  read_l: {type: softmax, labels: [a, b, c, d], top_k: 4, in: net_l}
  log_s:  {type: jsonl_sink, in: read_s, path: out/)"
                                              << name << R"(-near.jsonl}
  log_l:  {type: jsonl_sink, in: read_l, path: out/)"
                                              << name << "-far.jsonl}\n";
  }

  std::map<std::string, json> outcomes_;  // By stream and word.
};

void expect_labels(const json& a, const json& b, double room) {
  ASSERT_EQ(a.size(), 4U) << a;
  for (std::size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].at("label"), b[i].at("label"));
    EXPECT_NEAR(a[i].at("score").get<double>(), b[i].at("score").get<double>(), room);
  }
}

void expect_alike(const std::vector<json>& a, const std::vector<json>& b, double room = 1e-4) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t frame = 0; frame < a.size(); ++frame) {
    SCOPED_TRACE(frame);
    expect_labels(a[frame], b[frame], room);
  }
}

TEST_F(BucketsTest, RunsTwoStreamsOfDifferentSizesEachInItsOwn) {
  const auto both = scores_of("both", "shapes: [[1, 3, 32, 48], [1, 3, 64, 80]]");
  const auto implied = scores_of("implied", "placement: pinned");
  const auto batched = scores_of("batched",
                                 "shapes: [[1, 3, 32, 48], [1, 3, 64, 80]]\n"
                                 "    batch: {size: 4, wait: 200ms, buckets: [1, 2]}");
  for (const char* stream : {"near", "far"}) {
    expect_alike(both.at(stream), implied.at(stream));
    expect_alike(both.at(stream), batched.at(stream));
  }
  EXPECT_NE(both.at("near"), both.at("far"));
}

TEST_F(BucketsTest, GiveTheSameOnEverySimulatedDevice) {
  const std::string shapes = "shapes: [[1, 3, 32, 48], [1, 3, 64, 80]]";
  const std::string batches = shapes + "\n    batch: {size: 4, wait: 200ms, buckets: [1, 2]}";
  const auto on_processor = scores_of("processor", shapes);
  const std::map<std::string, json> outcomes = outcomes_;
  EXPECT_EQ(outcomes.at("near delivered"), kFrames);
  const std::vector<std::pair<std::string, std::string>> runs = {{"mx3", shapes},
                                                                 {"mx3", batches},
                                                                 {"metis", "placement: pinned"},
                                                                 {"metis", batches},
                                                                 {"aries", batches}};
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const auto& [profile, words] = runs[i];
    const auto simulated = scores_of(profile + std::to_string(i),
                                     words,
                                     "{type: sim, profile: " + profile + ", scales: dynamic}");
    EXPECT_EQ(outcomes_, outcomes) << profile << ", " << words;
    for (const char* stream : {"near", "far"}) {
      expect_alike(on_processor.at(stream), simulated.at(stream), 0.02);
    }
  }
}

TEST_F(BucketsTest, AreTheSameOnTheProcessorThatTakesOverFromALostDevice) {
  scores_of("failover",
            "shapes: [[1, 3, 32, 48], [1, 3, 64, 80]]\n"
            "    device: [it, spare]\n"
            "    failover: true",
            "{type: sim, profile: mx3, faults: [{fault: lost, after: 5}]}\n"
            "  spare: {type: cpu, precision: f32}");
  EXPECT_EQ(outcomes_.at("near delivered"), kFrames);
  EXPECT_EQ(outcomes_.at("far delivered"), kFrames);
}

TEST_F(BucketsTest, CountTheSameWhereNothingIsComputed) {
  const std::string words =
      "shapes: [[1, 3, 32, 48], [1, 3, 64, 80]]\n    batch: {size: 4, wait: 20ms, buckets: [1, 2]}";
  scores_of("computed", words);
  const std::map<std::string, json> outcomes = outcomes_;
  scores_of("timed", words, "{type: sim, profile: aries, compute: none}");
  EXPECT_EQ(outcomes_, outcomes);
}

TEST_F(BucketsTest, SaysBeforeTheStartWhatFitsNone) {
  write_graph("wrong", "shapes: [[1, 3, 16, 16], [1, 3, 32, 48]]");
  ChildProgram program = penstock({"check", "wrong.yaml"});
  EXPECT_EQ(program.wait(), 2);
  EXPECT_NE((program.out() + program.err())
                .find("resize gives 80x64, which is none of its shapes: 16x16, 48x32"),
            std::string::npos)
      << program.out() << program.err();
}

TEST_F(BucketsTest, AreShownByInspect) {
  ChildProgram program = penstock({"models", "inspect", "open_classifier.xml"});
  EXPECT_EQ(program.wait(), 0) << program.err();
  EXPECT_NE(program.out().find("shapes: [[1, 3, 320, 320], [1, 3, 640, 640]]"), std::string::npos)
      << program.out();
}

}  // namespace
}  // namespace penstock
