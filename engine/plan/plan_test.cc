#include "engine/plan/plan.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace penstock {
namespace {

using Kind = Topology::Kind;

Topology::Node source(const std::string& name, std::vector<std::string> streams) {
  Topology::Node node;
  node.name = name;
  node.kind = Kind::kSource;
  node.waits = true;
  node.streams = std::move(streams);
  return node;
}

Topology::Node step(const std::string& name, std::size_t from, bool per_stream = true) {
  Topology::Node node;
  node.name = name;
  node.per_stream = per_stream;
  node.inputs = {{from, 0, 0, std::nullopt, std::nullopt}};
  return node;
}

Topology::Node station(const std::string& name, std::size_t from, std::uint32_t in_flight) {
  Topology::Node node = step(name, from, false);
  node.kind = Kind::kStation;
  node.waits = true;
  node.in_flight = in_flight;
  return node;
}

Topology::Node sink(const std::string& name, std::size_t from) {
  Topology::Node node = step(name, from);
  node.kind = Kind::kSink;
  node.waits = true;
  return node;
}

/// cam -> pre -> infer -> post -> track -> {overlay -> mp4, log}
Topology people(std::vector<std::string> streams) {
  Topology topology;
  topology.nodes = {source("cam", std::move(streams)),
                    step("pre", 0),
                    station("infer", 1, 2),
                    step("post", 2),
                    step("track", 3),
                    step("overlay", 4),
                    sink("mp4", 5),
                    sink("log", 4)};
  return topology;
}

std::vector<std::string> segment_names(const Plan& plan) {
  std::vector<std::string> names;
  for (const auto& segment : plan.segments) {
    names.push_back(segment.name);
  }
  return names;
}

std::vector<std::string> edge_names(const Plan& plan) {
  std::vector<std::string> names;
  for (const auto& edge : plan.edges) {
    names.push_back(edge.name);
  }
  return names;
}

TEST(Plan, FusesAStepWithItsOnlyConsumer) {
  const auto planned = plan(people({"cam"}));
  ASSERT_TRUE(planned.has_value());
  EXPECT_EQ(segment_names(*planned),
            (std::vector<std::string>{"cam[cam]",
                                      "pre[cam]",
                                      "infer",
                                      "post+track[cam]",
                                      "overlay[cam]",
                                      "log[cam]",
                                      "mp4[cam]"}));
}

TEST(Plan, LinksSegmentsByTheEdgesOfTheirOuterNodes) {
  const auto planned = plan(people({"cam"}));
  ASSERT_TRUE(planned.has_value());
  EXPECT_EQ(edge_names(*planned),
            (std::vector<std::string>{"cam -> pre",
                                      "pre -> infer",
                                      "infer -> post",
                                      "track -> overlay",
                                      "track -> log",
                                      "overlay -> mp4"}));
}

TEST(Plan, GivesEachStreamItsOwnPartOfPerStreamNodes) {
  const auto planned = plan(people({"gate", "dock"}));
  ASSERT_TRUE(planned.has_value());
  const auto names = segment_names(*planned);
  EXPECT_EQ(std::count(names.begin(), names.end(), "post+track[gate]"), 1);
  EXPECT_EQ(std::count(names.begin(), names.end(), "post+track[dock]"), 1);
  EXPECT_EQ(std::count(names.begin(), names.end(), "infer"), 1);
}

TEST(Plan, RoutesTheStreamsOfASharedNodeToTheirOwnConsumers) {
  const auto planned = plan(people({"gate", "dock"}));
  ASSERT_TRUE(planned.has_value());
  std::vector<std::string> routed;
  for (const auto& edge : planned->edges) {
    if (edge.only.has_value()) {
      routed.push_back(edge.name);
      EXPECT_EQ(edge.streams, std::vector<StreamId>{*edge.only});
    }
  }
  EXPECT_EQ(routed, (std::vector<std::string>{"infer -> post [gate]", "infer -> post [dock]"}));
}

TEST(Plan, DoesNotFuseAcrossAWrittenQueue) {
  Topology topology = people({"cam"});
  topology.nodes[4].inputs[0].queue = 8;
  const auto planned = plan(topology);
  ASSERT_TRUE(planned.has_value());
  const auto names = segment_names(*planned);
  EXPECT_EQ(std::count(names.begin(), names.end(), "post[cam]"), 1);
  EXPECT_EQ(std::count(names.begin(), names.end(), "track[cam]"), 1);
  const auto edge = std::find_if(planned->edges.begin(), planned->edges.end(), [](const auto& one) {
    return one.name == "post -> track";
  });
  ASSERT_NE(edge, planned->edges.end());
  EXPECT_EQ(edge->queue, 8U);
}

TEST(Plan, DoesNotFuseAcrossAWrittenDropPolicy) {
  Topology topology = people({"cam"});
  topology.nodes[4].inputs[0].overflow = Overflow::kDropOldest;
  const auto planned = plan(topology);
  ASSERT_TRUE(planned.has_value());
  const auto names = segment_names(*planned);
  EXPECT_EQ(std::count(names.begin(), names.end(), "post+track[cam]"), 0);
}

TEST(Plan, GivesEdgesTheDefaultsThatKeepNothingApart) {
  Topology topology = people({"cam"});
  for (const std::size_t node : {4U, 5U}) {
    topology.nodes[node].inputs[0].default_queue = 9;
    topology.nodes[node].inputs[0].default_overflow = Overflow::kDropNewest;
  }
  const auto planned = plan(topology);
  ASSERT_TRUE(planned.has_value());
  const auto names = segment_names(*planned);
  EXPECT_EQ(std::count(names.begin(), names.end(), "post+track[cam]"), 1);
  const auto edge = std::find_if(planned->edges.begin(), planned->edges.end(), [](const auto& one) {
    return one.name == "track -> overlay";
  });
  ASSERT_NE(edge, planned->edges.end());
  EXPECT_EQ(edge->queue, 9U);
  EXPECT_EQ(edge->overflow, Overflow::kDropNewest);
}

TEST(Plan, DoesNotFuseNodesOfOtherScopeOrRestartWords) {
  Topology scope = people({"cam"});
  scope.nodes[4].per_stream = false;
  Topology restart = people({"cam"});
  restart.nodes[4].restart = "max 1";
  for (const Topology& topology : {scope, restart}) {
    const auto planned = plan(topology);
    ASSERT_TRUE(planned.has_value());
    const auto names = segment_names(*planned);
    EXPECT_EQ(std::count(names.begin(), names.end(), "post[cam]"), 1);
  }
}

TEST(Plan, DoesNotFuseANodeOfSeveralOutputsWithAConsumer) {
  Topology topology = people({"cam"});
  topology.nodes[3].outputs = 2;  // Only one of them is used.
  const auto planned = plan(topology);
  ASSERT_TRUE(planned.has_value());
  const auto names = segment_names(*planned);
  EXPECT_EQ(std::count(names.begin(), names.end(), "post[cam]"), 1);
}

TEST(Plan, PlansALosslessWindowFromWhatTheWayCanUse) {
  const auto planned = plan(people({"cam"}));
  ASSERT_TRUE(planned.has_value());
  // Seven segments, two frames at the device, one that waits.
  EXPECT_EQ(planned->streams[0].window, 10U);
}

TEST(Plan, GivesALiveStreamTwoPlacesAndThoseThatAreHeld) {
  Topology topology = people({"cam"});
  topology.nodes[0].live = true;
  EXPECT_EQ(plan(topology)->streams[0].window, 2U);
  topology.nodes[4].holds = 3;
  EXPECT_EQ(plan(topology)->streams[0].window, 5U);
}

TEST(Plan, ObeysAWrittenWindow) {
  Topology topology = people({"cam"});
  topology.nodes[0].max_in_flight = 3;
  EXPECT_EQ(plan(topology)->streams[0].window, 3U);
}

TEST(Plan, SizesPoolsByTheWindowsOfAllStreamsThatPass) {
  const auto planned = plan(people({"gate", "dock"}));
  ASSERT_TRUE(planned.has_value());
  const std::uint32_t window = planned->streams[0].window;
  for (const auto& segment : planned->segments) {
    EXPECT_EQ(segment.max_frames, segment.stream.has_value() ? window : 2 * window) << segment.name;
  }
}

TEST(Plan, RefusesACycle) {
  Topology topology;
  topology.nodes = {step("a", 1), step("b", 0)};
  const auto planned = plan(topology);
  ASSERT_FALSE(planned.has_value());
  EXPECT_EQ(planned.error(), (Error{Errc::kInvalidArgument, "node 'a' is part of a cycle"}));
}

TEST(Plan, IsTheSameForTheSameTopology) {
  const auto first = plan(people({"gate", "dock", "yard"}));
  const auto second = plan(people({"gate", "dock", "yard"}));
  EXPECT_EQ(segment_names(*first), segment_names(*second));
  EXPECT_EQ(edge_names(*first), edge_names(*second));
}

}  // namespace
}  // namespace penstock
