#include "tools/compose/topology_builder.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "engine/graph/graph_checker.h"
#include "engine/graph/graph_test_kit.h"
#include "engine/plan/plan.h"

namespace penstock {
namespace {

using Kind = Topology::Kind;

constexpr const char* kModel = R"(models:
  people:
    file: models/yolov8n.onnx
    preprocess: {letterbox: [640, 640]}
    postprocess: {decode: yolov8, labels: models/coco.txt}
)";

/// Checks `actors` with the model above, and keeps what the specification points to.
class Built {
 public:
  explicit Built(const std::string& actors, const RequestsOfModel& requests = {{"people", 3}})
      : checked_(kit_.check("graph: g\n" + std::string(kModel) + actors)),
        topology_(
            checked_.spec.has_value()
                ? build_topology(*checked_.spec, requests)
                : Result<Topology>(Error{Errc::kInternal, checked_.diagnostics.front().message})) {}

  [[nodiscard]] const Result<Topology>& result() const { return topology_; }

  [[nodiscard]] const Topology& topology() const { return topology_.value(); }

  [[nodiscard]] std::size_t index_of(const std::string& name) const {
    std::size_t i = 0;
    while (topology().nodes.at(i).name != name) {
      ++i;
    }
    return i;
  }

  [[nodiscard]] const Topology::Node& node(const std::string& name) const {
    return topology().nodes.at(index_of(name));
  }

 private:
  GraphTestKit kit_;
  CheckedGraph checked_;
  Result<Topology> topology_;
};

constexpr const char* kPeople = R"(actors:
  cam:     {type: video_source, uri: clips/street.mp4}
  detect:  {type: infer, model: people, in: cam}
  track:   {type: tracker, in: detect}
  overlay: {type: overlay, in: track}
  mp4:     {type: video_sink, in: overlay, path: out/people.mp4}
)";

TEST(TopologyBuilder, TakesTheKindOfANodeFromItsType) {
  const Built built(kPeople);
  ASSERT_TRUE(built.result().has_value()) << built.result().error().message;
  EXPECT_EQ(built.topology().graph, "g");
  EXPECT_EQ(built.node("cam").kind, Kind::kSource);
  EXPECT_EQ(built.node("detect.pre").kind, Kind::kStep);
  EXPECT_EQ(built.node("detect.infer").kind, Kind::kStation);
  EXPECT_EQ(built.node("detect.post").kind, Kind::kStep);
  EXPECT_EQ(built.node("mp4").kind, Kind::kSink);
}

TEST(TopologyBuilder, TakesScopeAndWaitingFromTheType) {
  const Built built(kPeople);
  EXPECT_TRUE(built.node("track").per_stream);
  EXPECT_FALSE(built.node("detect.infer").per_stream);
  EXPECT_TRUE(built.node("detect.infer").waits);
  EXPECT_TRUE(built.node("mp4").waits);
  EXPECT_FALSE(built.node("overlay").waits);
}

TEST(TopologyBuilder, NamesTheStreamsOfASource) {
  const Built built(R"(actors:
  cams: {type: video_source, streams: {gate: {uri: "rtsp://a/1"}, dock: {uri: "rtsp://a/2"}}}
  log:  {type: jsonl_sink, in: cams, path: "out/$(stream).jsonl"}
)");
  ASSERT_TRUE(built.result().has_value()) << built.result().error().message;
  EXPECT_EQ(built.node("cams").streams, (std::vector<std::string>{"gate", "dock"}));
  EXPECT_TRUE(built.node("cams").live);
  EXPECT_FALSE(built.node("cams").max_in_flight.has_value());
}

TEST(TopologyBuilder, TakesAWrittenWindow) {
  const Built built(R"(actors:
  cam: {type: video_source, uri: clips/street.mp4, max_in_flight: 7}
  log: {type: jsonl_sink, in: cam, path: out/a.jsonl}
)");
  ASSERT_TRUE(built.result().has_value()) << built.result().error().message;
  EXPECT_EQ(built.node("cam").max_in_flight, 7U);
  EXPECT_FALSE(built.node("cam").live);
}

TEST(TopologyBuilder, LinksConsumersToTheLastPartOfAnExpandedActor) {
  const Built built(kPeople);
  const Topology::Input& input = built.node("track").inputs.at(0);
  EXPECT_EQ(input.from, built.index_of("detect.post"));
  EXPECT_EQ(input.from_port, 0U);
  EXPECT_EQ(input.to_port, 0U);
  EXPECT_EQ(built.node("detect.infer").inputs.at(0).from, built.index_of("detect.pre"));
}

TEST(TopologyBuilder, CountsThePortsOfAType) {
  const Built built(R"(actors:
  a:   {type: video_source, uri: clips/street.mp4}
  two: {type: blend, in: {top: a, base: a}}
  mp4: {type: video_sink, in: two, path: out/a.mp4}
)");
  ASSERT_TRUE(built.result().has_value()) << built.result().error().message;
  ASSERT_EQ(built.node("two").inputs.size(), 2U);
  EXPECT_EQ(built.node("two").inputs[0].to_port, 1U);
  EXPECT_EQ(built.node("two").inputs[1].to_port, 0U);
}

TEST(TopologyBuilder, CountsTheInputsOfAJoinInTheOrderWritten) {
  const Built built(R"(actors:
  cam:  {type: video_source, uri: clips/street.mp4}
  a:    {type: overlay, in: cam}
  b:    {type: overlay, in: cam}
  both: {type: join, in: {zebra: a, ant: b}}
  log:  {type: jsonl_sink, in: both, path: out/a.jsonl}
)");
  ASSERT_TRUE(built.result().has_value()) << built.result().error().message;
  ASSERT_EQ(built.node("both").inputs.size(), 2U);
  EXPECT_EQ(built.node("both").inputs[0].from, built.index_of("a"));
  EXPECT_EQ(built.node("both").inputs[0].to_port, 0U);
  EXPECT_EQ(built.node("both").inputs[1].to_port, 1U);
}

TEST(TopologyBuilder, KeepsWrittenQueueAndDropWordsApartFromDefaults) {
  const Built built(R"(defaults: {queue: 6, drop: newest}
actors:
  cam: {type: video_source, uri: clips/street.mp4}
  a:   {type: overlay, in: {from: cam, queue: 2, drop: oldest}}
  mp4: {type: video_sink, in: a, path: out/a.mp4}
)");
  ASSERT_TRUE(built.result().has_value()) << built.result().error().message;
  const Topology::Input& written = built.node("a").inputs.at(0);
  EXPECT_EQ(written.queue, 2U);
  EXPECT_EQ(written.overflow, Overflow::kDropOldest);
  const Topology::Input& plain = built.node("mp4").inputs.at(0);
  EXPECT_FALSE(plain.queue.has_value());
  EXPECT_FALSE(plain.overflow.has_value());
  EXPECT_EQ(plain.default_queue, 6U);
  EXPECT_EQ(plain.default_overflow, Overflow::kDropNewest);
}

TEST(TopologyBuilder, GivesDifferentRestartWordsDifferentKeys) {
  const Built built(R"(actors:
  cam: {type: video_source, uri: clips/street.mp4}
  a:   {type: overlay, in: cam}
  b:   {type: overlay, in: a, restart: {max: 1}}
  c:   {type: overlay, in: b, restart: {max: 1, then: stop_graph}}
  d:   {type: overlay, in: c, restart: {max: 1, then: stop_graph}}
  mp4: {type: video_sink, in: d, path: out/a.mp4}
)");
  ASSERT_TRUE(built.result().has_value()) << built.result().error().message;
  EXPECT_NE(built.node("a").restart, built.node("b").restart);
  EXPECT_NE(built.node("b").restart, built.node("c").restart);
  EXPECT_EQ(built.node("c").restart, built.node("d").restart);
}

TEST(TopologyBuilder, HoldsRequestsTimesBatchFramesAtTheDevice) {
  const Built built(kPeople);
  EXPECT_EQ(built.node("detect.infer").in_flight, 3U);
  const Built batched(R"(  vehicles:
    file: models/yolov8s.onnx
    batch: {size: 4, wait: 15ms}
    preprocess: {letterbox: [640, 640]}
    postprocess: {decode: yolov8, labels: models/coco.txt}
actors:
  cam:    {type: video_source, uri: clips/street.mp4}
  detect: {type: infer, model: vehicles, in: cam}
  log:    {type: jsonl_sink, in: detect, path: out/a.jsonl}
)",
                      {{"vehicles", 2}});
  ASSERT_TRUE(batched.result().has_value()) << batched.result().error().message;
  EXPECT_EQ(batched.node("detect.infer").in_flight, 8U);
}

TEST(TopologyBuilder, GivesAPlanWithItsNodesFused) {
  const Built built(R"(actors:
  cam: {type: video_source, uri: clips/street.mp4}
  a:   {type: overlay, in: cam}
  b:   {type: overlay, in: a}
  mp4: {type: video_sink, in: b, path: out/a.mp4}
)");
  const auto planned = plan(built.topology());
  ASSERT_TRUE(planned.has_value()) << planned.error().message;
  ASSERT_EQ(planned->segments.size(), 3U);
  EXPECT_EQ(planned->segments[1].name, "a+b");
}

TEST(TopologyBuilder, RefusesAModelOfUnknownRequests) {
  const Built built(kPeople, {});
  ASSERT_FALSE(built.result().has_value());
  EXPECT_EQ(built.result().error(),
            (Error{Errc::kInvalidArgument,
                   "actor 'detect.infer': nobody said how many requests model 'people' has"}));
}

TEST(TopologyBuilder, RefusesASourceThatIsHalfLive) {
  const Built built(R"(actors:
  cams: {type: video_source, streams: {gate: {uri: "rtsp://a/1"}, file: {uri: clips/street.mp4}}}
  log:  {type: jsonl_sink, in: cams, path: "out/$(stream).jsonl"}
)");
  ASSERT_FALSE(built.result().has_value());
  EXPECT_EQ(built.result().error().code, Errc::kUnsupported);
}

}  // namespace
}  // namespace penstock
