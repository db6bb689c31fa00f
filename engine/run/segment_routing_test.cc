// Which consumers a segment sends a frame to, and what it tells the others.

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "engine/frame/frame_pool.h"
#include "engine/run/testing/scripted.h"
#include "engine/run/testing/segment_fixture.h"

namespace penstock {
namespace {

using testing::processing;
using testing::scripted;

/// A sink that keeps the numbers of the frames it was given.
NodeFactory recording(std::vector<std::uint64_t>& seen) {
  return processing([&seen](Frame& frame, Emit& /*emit*/) -> Status {
    seen.push_back(frame.seq());
    return {};
  });
}

/// Writes down what comes: "3" for a frame, "(3 routed)" for a tombstone, "[3:2]" for a closing
/// record.
NodeFactory writing(std::string& seen) {
  return scripted({.process = [&seen](std::size_t, Frame& frame, Emit&) -> Status {
                     seen += std::to_string(frame.seq());
                     seen += frame.id().child.depth > 0 ? "'" : "";
                     return {};
                   },
                   .note = [&seen](const ControlRecord& record, Emit&) -> Status {
                     if (const auto* gone = std::get_if<Tombstone>(&record)) {
                       for (auto seq = gone->first_seq; seq <= gone->last_seq; ++seq) {
                         seen += "(" + std::to_string(seq) + (gone->child.depth > 0 ? "' " : " ") +
                                 to_string(gone->reason) + ")";
                       }
                     } else if (const auto* cut = std::get_if<ClosingRecord>(&record)) {
                       seen += "[" + std::to_string(cut->parent.seq) + ":" +
                               std::to_string(cut->pieces) + "]";
                     }
                     return {};
                   }});
}

class SegmentRouting : public testing::SegmentFixture {
 protected:
  /// source -> `node` -> a consumer of its first port and one of its second, which write into
  /// `first_` and `second_`.
  void run_fork(NodeFactory node, std::uint64_t frames) {
    const auto in = graph_.edge(2);
    const auto to_first = graph_.edge(2);
    const auto to_second = graph_.edge(4);
    graph_.source({.script = {.count = frames}, .window = 3, .outputs = {{in}}});
    graph_.segment({.nodes = {std::move(node)},
                    .inputs = {{in}},
                    .outputs = {{to_first, 0}, {to_second, 1}},
                    .ports = 2});
    graph_.segment({.nodes = {writing(first_)}, .inputs = {{to_first}}});
    graph_.segment({.nodes = {writing(second_)}, .inputs = {{to_second}}});
    EXPECT_TRUE(graph_.run());
  }

  std::string first_;
  std::string second_;
};

TEST_F(SegmentRouting, SendsAFrameToAllConsumersOfItsPortOnly) {
  std::vector<std::uint64_t> a;
  std::vector<std::uint64_t> b;
  std::vector<std::uint64_t> c;
  const auto in = graph_.edge(2);
  const auto to_a = graph_.edge(1);
  const auto to_b = graph_.edge(3);
  const auto to_c = graph_.edge(2);
  graph_.source({.script = {.count = 6}, .window = 3, .outputs = {{in}}});
  graph_.segment({.nodes = {processing([](Frame& frame, Emit& emit) -> Status {
                    const std::size_t port = frame.seq() % 2;
                    emit.send(std::move(frame), port);
                    return {};
                  })},
                  .inputs = {{in}},
                  .outputs = {{to_a, 0}, {to_b, 0}, {to_c, 1}},
                  .ports = 2});
  graph_.segment({.nodes = {recording(a)}, .inputs = {{to_a}}});
  graph_.segment({.nodes = {recording(b)}, .inputs = {{to_b}}});
  graph_.segment({.nodes = {recording(c)}, .inputs = {{to_c}}});
  EXPECT_TRUE(graph_.run());
  EXPECT_EQ(a, (std::vector<std::uint64_t>{0, 2, 4}));
  EXPECT_EQ(b, a);
  EXPECT_EQ(c, (std::vector<std::uint64_t>{1, 3, 5}));
  EXPECT_EQ(testing::imbalance(totals()), "");
  EXPECT_EQ(totals().delivered, 6U);
}

TEST_F(SegmentRouting, TellsTheOtherOutputsOfWhatItSendsOutOfOne) {
  run_fork(processing([](Frame& frame, Emit& emit) -> Status {
             if (frame.seq() == 2) {
               emit.send(frame.share(), 1);  // Out of both.
             } else if (frame.seq() > 2) {
               emit.send(std::move(frame), 1);
             }
             return {};
           }),
           5);
  EXPECT_EQ(first_, "012(3 routed)(4 routed)");
  EXPECT_EQ(second_, "(0 routed)(1 routed)234");
  EXPECT_EQ(totals().delivered, 5U);
  EXPECT_EQ(testing::imbalance(totals()), "");
}

TEST_F(SegmentRouting, TellsConsumersOfWhatGoesOutOfAnOutputThatNobodyReads) {
  std::string first;
  const auto in = graph_.edge(2);
  const auto to_first = graph_.edge(2);
  graph_.source({.script = {.count = 2}, .outputs = {{in}}});
  graph_.segment({.nodes = {processing([](Frame& frame, Emit& emit) -> Status {
                    emit.send(std::move(frame), 1);
                    return {};
                  })},
                  .inputs = {{in}},
                  .outputs = {{to_first, 0}},
                  .ports = 2});
  graph_.segment({.nodes = {writing(first)}, .inputs = {{to_first}}});
  EXPECT_TRUE(graph_.run());
  EXPECT_EQ(first, "(0 routed)(1 routed)");
  EXPECT_EQ(totals().delivered, 2U);
}

TEST_F(SegmentRouting, LetsTheClosingRecordSpeakForAFrameThatWasCut) {
  run_fork(processing([](Frame& frame, Emit& emit) -> Status {
             emit.send(FramePool::make_child(frame, 0), 1);
             emit.send(FramePool::make_child(frame, 1), 1);
             emit.close_fan_out(frame.id(), 2);
             return {};
           }),
           1);
  EXPECT_EQ(second_, "0'0'[0:2]") << "its pieces are waited for";
  EXPECT_EQ(first_, "[0:2]0(0' routed)(0' routed)");
}

}  // namespace
}  // namespace penstock
