#include "engine/nodes/frame_line.h"

#include <limits>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "engine/nodes/testing/node_bench.h"

namespace penstock {
namespace {

using testing::NodeBench;

constexpr std::int64_t kWallNs = 1'795'319'106'250'000'000;
const LabelTable kLabels{{"background", "person", "dog \"Rex\""}};

class FrameLineTest : public ::testing::Test {
 protected:
  std::string line() {
    std::string out;
    append_frame_line("people", frame_, kWallNs, marks_, out);
    return out;
  }

  void TearDown() override { frame_.end(Outcome::kDelivered); }

  LineMarks marks_;
  NodeBench bench_;
  Frame frame_ = bench_.frame(7, std::chrono::milliseconds(280));
};

TEST_F(FrameLineTest, WritesObjectsInTheDocumentedForm) {
  Object person{{10.04F, 20.5F, 30, 40.26F}, 0.8764F, 1, 0, {}};
  Object tracked = person;
  tracked.label = 2;
  tracked.track = 12;
  frame_.set_objects(std::vector<Object>{person, tracked}, &kLabels);
  EXPECT_EQ(line(),
            R"({"graph":"people","stream":"gate","seq":7,"time":"2026-11-22T03:45:06.250Z",)"
            R"("pts_ns":280000000,"objects":[)"
            R"({"label":"person","score":0.876,"box":[10.0,20.5,30.0,40.3],"track":null},)"
            R"({"label":"dog \"Rex\"","score":0.876,"box":[10.0,20.5,30.0,40.3],"track":12}]})");
}

TEST_F(FrameLineTest, WritesAnEmptyListWhereNothingWasFound) {
  frame_.set_objects({}, &kLabels);
  EXPECT_NE(line().find(R"("objects":[]})"), std::string::npos);
}

TEST_F(FrameLineTest, SaysThatASimulatedDeviceHadAPartInIt) {
  EXPECT_FALSE(nlohmann::json::parse(line()).contains("simulated"));
  marks_.simulated = true;
  EXPECT_EQ(nlohmann::json::parse(line())["simulated"], true);
  EXPECT_FALSE(nlohmann::json::parse(line()).contains("calibrated"));
  marks_.calibrated = true;
  EXPECT_EQ(nlohmann::json::parse(line())["calibrated"], true);
}

TEST_F(FrameLineTest, HasNoKeyForWhatTheFrameDoesNotCarry) {
  const auto parsed = nlohmann::json::parse(line());
  EXPECT_FALSE(parsed.contains("objects"));
  EXPECT_FALSE(parsed.contains("labels"));
  EXPECT_EQ(parsed["seq"], 7);
}

TEST_F(FrameLineTest, WritesKeypointsOfObjectsThatHaveThem) {
  const std::vector<Keypoint> points = {{{1, 2}, 0.5F}, {{3.25F, 4}, 1}};
  frame_.set_objects(std::vector<Object>{{{0, 0, 8, 8}, 0.5F, 0, 0, points}}, nullptr);
  EXPECT_NE(line().find(R"("track":null,"keypoints":[[1.0,2.0,0.500],[3.2,4.0,1.000]]}])"),
            std::string::npos)
      << line();
}

TEST_F(FrameLineTest, WritesTheClassesOfThePicture) {
  frame_.set_labels(std::vector<Label>{{2, 0.75F}, {9, 0.25F}}, &kLabels);
  EXPECT_NE(line().find(R"("labels":[{"label":"dog \"Rex\"","score":0.750},)"
                        R"({"label":"9","score":0.250}]})"),
            std::string::npos)
      << line();
}

TEST_F(FrameLineTest, StaysJsonWithBrokenNumbersAndNames) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const LabelTable broken{{"\xFF\n"}};
  frame_.set_objects(std::vector<Object>{{{nan, 0, 1, 1}, nan, 0, 0, {}}}, &broken);
  const auto parsed = nlohmann::json::parse(line());
  EXPECT_TRUE(parsed["objects"][0]["score"].is_null());
  EXPECT_EQ(parsed["objects"][0]["label"], "\xEF\xBF\xBD\n");
}

}  // namespace
}  // namespace penstock
