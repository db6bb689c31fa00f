#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "engine/run/segment.h"
#include "engine/run/testing/scripted.h"
#include "engine/run/testing/virtual_graph.h"

namespace penstock::testing {

/// A node that keeps every second frame until the stream ends.
inline NodeFactory keeping(std::function<Status(Frame&)> check = {}) {
  struct State {
    std::vector<Frame> kept;
  };

  return [check]() -> Result<std::unique_ptr<Node>> {
    auto state = std::make_shared<State>();
    return scripted({.process = [state, check](std::size_t, Frame& frame, Emit&) -> Status {
                       if (check) {
                         if (const Status status = check(frame); !status.has_value()) {
                           return status;
                         }
                       }
                       if (frame.seq() % 2 == 0) {
                         state->kept.push_back(std::move(frame));
                       }
                       return {};
                     },
                     .flush = [state](StreamId, Emit& emit) -> Status {
                       for (Frame& frame : state->kept) {
                         emit.send(std::move(frame));
                       }
                       state->kept.clear();
                       return {};
                     }})();
  };
}

/// source -> segment under test -> sink.
class SegmentFixture : public ::testing::Test {
 protected:
  Segment& run_nodes(std::vector<NodeFactory> nodes, std::uint64_t frames = 4) {
    build(std::move(nodes), frames);
    EXPECT_TRUE(graph_.run());
    return *under_test_;
  }

  void build(std::vector<NodeFactory> nodes, std::uint64_t frames, std::uint32_t window = 4) {
    const auto in = graph_.edge(4);
    const auto out = graph_.edge(4);
    graph_.source({.script = {.count = frames}, .window = window, .outputs = {{in}}});
    under_test_ =
        &graph_.segment({.nodes = std::move(nodes), .inputs = {{in}}, .outputs = {{out}}});
    graph_.segment(
        {.nodes = {scripted({.process = [this](std::size_t, Frame& frame, Emit&) -> Status {
                               seen_.push_back(frame.seq());
                               return {};
                             },
                             .note = [this](const ControlRecord& record, Emit&) -> Status {
                               if (const auto* t = std::get_if<Tombstone>(&record)) {
                                 tombstones_.push_back(*t);
                               }
                               return {};
                             }})},
         .inputs = {{out}}});
  }

  StreamLedger::Totals totals() { return graph_.books(0).totals(); }

  VirtualGraph graph_;
  Segment* under_test_ = nullptr;
  std::vector<std::uint64_t> seen_;
  std::vector<Tombstone> tombstones_;
};

}  // namespace penstock::testing
