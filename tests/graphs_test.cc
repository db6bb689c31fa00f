// The shipped graphs, run by the program as a person would run them.

#include <csignal>
#include <fstream>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>

#include "drivers/media/av/media_test_support.h"
#include "tests/support/child_program.h"
#include "tests/support/program_fixture.h"

namespace penstock {
namespace {

using nlohmann::json;
using testing::ChildProgram;

constexpr int kUsage = 2;
constexpr int kKilled = 130;

/// A checkout of its own: graphs/, models/ and clips/, and room for out/.
class GraphsTest : public testing::ProgramFixture {
 protected:
  GraphsTest() { take_graphs({"people.yaml", "faces.yaml", "two-cameras.yaml"}); }

  [[nodiscard]] std::size_t frames_of_video(const std::string& file) const {
    const auto reading = testing::read_all({.uri = (folder_ / "out" / file).string()});
    EXPECT_FALSE(reading.error.has_value()) << reading.error->message;
    return reading.frames.size();
  }
};

/// One line a frame, in order, none missing.
void expect_rising(const std::vector<json>& lines, std::size_t frames) {
  ASSERT_EQ(lines.size(), frames);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    EXPECT_EQ(lines[i].at("seq"), i);
  }
}

void expect_delivered(const json& stream, std::size_t frames) {
  EXPECT_EQ(stream.at("delivered"), frames) << stream;
  EXPECT_EQ(stream.at("lost"), 0) << stream;
  EXPECT_EQ(stream.at("failed"), 0) << stream;
}

std::size_t count(const json& line, const std::string& label, double score) {
  std::size_t found = 0;
  for (const json& object : line.at("objects")) {
    found += object.at("label") == label && object.at("score").get<double>() >= score ? 1U : 0U;
  }
  return found;
}

/// How many numbers the tracker gave, and to how many boxes.
std::pair<std::size_t, std::size_t> tracks(const std::vector<json>& lines) {
  std::set<std::int64_t> numbers;
  std::size_t boxes = 0;
  for (const json& line : lines) {
    for (const json& object : line.at("objects")) {
      if (object.at("track").is_number()) {
        numbers.insert(object.at("track").get<std::int64_t>());
        ++boxes;
      }
    }
  }
  return {numbers.size(), boxes};
}

TEST_F(GraphsTest, AllShippedGraphsAreRight) {
  for (const char* graph : {"people.yaml", "faces.yaml", "two-cameras.yaml"}) {
    ChildProgram program = penstock({"check", std::string("graphs/") + graph, "--json"});
    EXPECT_EQ(program.wait(), 0) << program.err();
    EXPECT_EQ(json::parse(program.out()).at("diagnostics"), json::array()) << graph;
  }
}

TEST_F(GraphsTest, PeopleAreFoundAndFollowedOnVideo) {
  // 32-bit, so that the figures are those of any machine; the rest is the shipped graph's.
  std::ifstream in(folder_ / "graphs/people.yaml");
  std::string text((std::istreambuf_iterator<char>(in)), {});
  write("graphs/people-f32.yaml",
        "devices:\n  exact: {type: cpu, precision: f32}\n" +
            text.replace(text.find("    file:"), 0, "    device: exact\n"));
  const json summary = run({"graphs/people-f32.yaml", "--quiet"});
  expect_delivered(summary.at("streams").at(0), 795);
  const auto log = lines("out/people.jsonl");
  expect_rising(log, 795);
  for (std::size_t i = 0; i < log.size(); i += 40) {
    EXPECT_GE(count(log[i], "Person", 0.4), 3U) << "frame " << i;
    EXPECT_LE(count(log[i], "Person", 0.4), 8U) << "frame " << i;
  }
  const auto [numbers, boxes] = tracks(log);
  EXPECT_GT(boxes, 2000U);
  EXPECT_LT(numbers * 20, boxes) << "a number stays with its person";
  EXPECT_EQ(frames_of_video("people.mp4"), 795U);
}

TEST_F(GraphsTest, AFaceIsFoundOnVideo) {
  const json summary = run({"graphs/faces.yaml", "--quiet"});
  const auto log = lines("out/faces.jsonl");
  expect_delivered(summary.at("streams").at(0), log.size());
  expect_rising(log, 1337);
  std::size_t with_face = 0;
  for (const json& line : log) {
    with_face += count(line, "face", 0.5) == 1 ? 1U : 0U;
  }
  EXPECT_GT(with_face, 1200U) << "one face, nearly always in view";
  EXPECT_LT(tracks(log).first, 10U);
  EXPECT_EQ(frames_of_video("faces.mp4"), 1337U);
}

TEST_F(GraphsTest, TwoCamerasShareOneModelInBatches) {
  const json summary =
      run({"graphs/two-cameras.yaml", "--set", "left=clips/movie-hello.avi", "--quiet"});
  for (const json& stream : summary.at("streams")) {
    const std::string name = stream.at("name");
    const auto log = lines("out/two-cameras-" + name + ".jsonl");
    EXPECT_GT(log.size(), 200U) << name;
    expect_delivered(stream, log.size());
    expect_rising(log, log.size());
    EXPECT_EQ(frames_of_video("two-cameras-" + name + ".mp4"), log.size()) << name;
    for (const json& line : log) {
      EXPECT_EQ(line.at("stream"), name);
    }
  }
  const json& device = summary.at("devices").at(0);
  EXPECT_LT(device.at("inferences").get<double>(), 0.7 * device.at("frames").get<double>());
}

constexpr const char* kPaced = R"(graph: paced
actors:
  cam:  {type: video_source, uri: ../clips/movie-hello.mp4, realtime: true}
  mp4:  {type: video_sink, in: cam, path: out/paced.mp4}
  log:  {type: jsonl_sink, in: cam, path: out/paced.jsonl}
  seen: {type: console, in: cam}
)";

TEST_F(GraphsTest, OneCtrlCEndsCleanlyWithReadableFiles) {
  write("graphs/paced.yaml", kPaced);
  for (const int signal : {SIGINT, SIGTERM}) {
    ChildProgram program = penstock({"run", "graphs/paced.yaml"});
    ASSERT_TRUE(program.read_until("#20 ")) << program.err();
    program.send(signal);
    EXPECT_EQ(program.wait(), 0) << program.err();
    const auto log = lines("out/paced.jsonl");
    EXPECT_LT(log.size(), 240U) << "it ended before its file";
    expect_rising(log, log.size());
    EXPECT_EQ(frames_of_video("paced.mp4"), log.size());
  }
}

TEST_F(GraphsTest, ASecondCtrlCEndsAtOnceWhatDoesNotEnd) {
  // A pipe that nobody reads: its sink does not come back from opening it, other streams go on.
  ASSERT_EQ(::mkfifo((folder_ / "stuck").c_str(), 0600), 0);
  write("graphs/stuck.yaml", R"(graph: stuck
actors:
  cam:   {type: video_source, uri: ../clips/movie-hello.mp4}
  other: {type: video_source, uri: ../clips/movie-hello.mp4, realtime: true}
  log:   {type: jsonl_sink, in: cam, path: stuck}
  seen:  {type: console, in: other}
)");
  ChildProgram program = penstock({"run", "graphs/stuck.yaml"});
  ASSERT_TRUE(program.read_until("other #")) << program.err();
  program.send(SIGINT);
  ASSERT_TRUE(program.read_until("stopping")) << program.err();
  program.send(SIGINT);
  EXPECT_EQ(program.wait(), kKilled) << program.err();
}

TEST_F(GraphsTest, AMissingGraphIsAUsageError) {
  ChildProgram program = penstock({"run", "graphs/none.yaml"});
  EXPECT_EQ(program.wait(), kUsage);
  EXPECT_NE(program.err().find("graphs/none.yaml"), std::string::npos) << program.err();
}

TEST_F(GraphsTest, AMissingModelIsADiagnostic) {
  write("graphs/no-model.yaml", R"(graph: no-model
models:
  people: {file: ../models/none.tflite, postprocess: {decode: raw}}
actors:
  cam:    {type: video_source, uri: ../clips/vtest.avi}
  detect: {type: infer, model: people, in: cam}
  end:    {type: discard, in: detect}
)");
  ChildProgram program = penstock({"run", "graphs/no-model.yaml"});
  EXPECT_EQ(program.wait(), kUsage);
  EXPECT_NE(program.err().find("E018"), std::string::npos) << program.err();
  EXPECT_NE(program.err().find("none.tflite"), std::string::npos) << program.err();
}

TEST_F(GraphsTest, AMissingVideoFailsTheRunAndSaysWhich) {
  write("graphs/no-video.yaml", R"(graph: no-video
params:
  video: {default: ../clips/none.avi}
actors:
  cam: {type: video_source, uri: $(video)}
  end: {type: discard, in: cam}
)");
  ChildProgram program = penstock({"run", "graphs/no-video.yaml"});
  EXPECT_NE(program.wait(), 0);
  EXPECT_NE(program.err().find("none.avi"), std::string::npos) << program.err();
}

}  // namespace
}  // namespace penstock
