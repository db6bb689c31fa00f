#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "engine/frame/frame_pool.h"
#include "engine/nodes/join_node.h"
#include "engine/run/testing/virtual_graph.h"

namespace penstock {
namespace {

using testing::processing;
using testing::VirtualGraph;

/// Cuts frame `n` into n % 4 pieces.
Status cut(Frame& frame, Emit& emit) {
  const auto pieces = static_cast<std::uint16_t>(frame.seq() % 4);
  for (std::uint16_t i = 0; i < pieces; ++i) {
    emit.send(FramePool::make_child(frame, i));
  }
  emit.close_fan_out(frame.id(), pieces);
  frame.end(Outcome::kDelivered);
  return {};
}

/// source -> join.0, and source -> cut -> drop some pieces -> join.1; join -> sink.
void build(VirtualGraph& graph, std::vector<std::uint64_t>& seen) {
  const auto base = graph.edge(4);
  const auto to_cut = graph.edge(4);
  const auto pieces = graph.edge(2);
  const auto left = graph.edge(2);
  const auto out = graph.edge(4);
  graph.source({.script = {.count = 200}, .window = 6, .outputs = {{base}, {to_cut}}});
  graph.segment({.nodes = {processing(cut)}, .inputs = {{to_cut}}, .outputs = {{pieces}}});
  graph.segment({.nodes = {processing([](Frame& frame, Emit& emit) -> Status {
                   if ((frame.seq() + frame.id().child.indexes[0]) % 5 == 0) {
                     emit.drop(std::move(frame), Reason::kFiltered);
                   }
                   return {};
                 })},
                 .inputs = {{pieces}},
                 .outputs = {{left}}});
  graph.segment({.nodes = {[]() -> Result<std::unique_ptr<Node>> {
                   return std::unique_ptr<Node>(
                       std::make_unique<JoinNode>("join", JoinTable::Options{}));
                 }},
                 .inputs = {{base, 0}, {left, 1}},
                 .outputs = {{out}}});
  graph.segment({.nodes = {processing([&seen](Frame& frame, Emit& /*emit*/) -> Status {
                   seen.push_back(frame.seq());
                   return {};
                 })},
                 .inputs = {{out}}});
}

TEST(JoinGraph, BringsEveryFrameTogetherOnceInTheOrderOfItsStream) {
  std::vector<std::uint64_t> all;
  for (std::uint64_t i = 0; i < 200; ++i) {
    all.push_back(i);
  }
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    SCOPED_TRACE(seed);
    std::vector<std::uint64_t> seen;
    VirtualGraph graph(seed);
    build(graph, seen);
    ASSERT_TRUE(graph.run());
    EXPECT_TRUE(graph.all_finished());
    EXPECT_EQ(seen, all);
    EXPECT_EQ(testing::imbalance(graph.books(0).totals()), "");
  }
}

}  // namespace
}  // namespace penstock
