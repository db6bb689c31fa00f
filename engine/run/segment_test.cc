#include "engine/run/segment.h"

#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "engine/run/testing/scripted.h"
#include "engine/run/testing/segment_fixture.h"

namespace penstock {
namespace {

using SegmentTest = testing::SegmentFixture;
using testing::keeping;
using testing::processing;
using testing::scripted;
using testing::upto;
using Kind = RunEvent::Kind;

const Error kFrameError{Errc::kCorrupt, "bad frame"};

TEST_F(SegmentTest, PassesOnTheFrameThatIsStillInHand) {
  run_nodes({processing([](Frame&, Emit&) -> Status { return {}; })});
  EXPECT_EQ(seen_, upto(4));
  EXPECT_EQ(totals().delivered, 4U);
  EXPECT_TRUE(graph_.all_finished());
}

TEST_F(SegmentTest, RunsAllNodesOfTheChainInOrder) {
  std::string trace;
  run_nodes({processing([&](Frame&, Emit&) -> Status {
               trace += 'a';
               return {};
             }),
             processing([&](Frame&, Emit&) -> Status {
               trace += 'b';
               return {};
             })},
            2);
  EXPECT_EQ(trace, "abab");
}

TEST_F(SegmentTest, EndsADroppedFrameAndTellsDownstream) {
  run_nodes({processing([](Frame& frame, Emit& emit) -> Status {
    if (frame.seq() % 2 == 1) {
      emit.drop(std::move(frame), Reason::kFiltered);
    }
    return {};
  })});
  EXPECT_EQ(seen_, (std::vector<std::uint64_t>{0, 2}));
  EXPECT_EQ(totals().dropped, 2U);
  ASSERT_EQ(tombstones_.size(), 2U);
  EXPECT_EQ(tombstones_[1].first_seq, 3U);
  EXPECT_EQ(tombstones_[1].reason, Reason::kFiltered);
  EXPECT_EQ(graph_.node_books(*under_test_, 0).dropped, 2U);
}

TEST_F(SegmentTest, FailsOneFrameAndGoesOn) {
  run_nodes({processing([](Frame& frame, Emit&) -> Status {
    return frame.seq() == 1 ? Status(kFrameError) : Status();
  })});
  EXPECT_EQ(seen_, (std::vector<std::uint64_t>{0, 2, 3}));
  EXPECT_EQ(totals().failed, 1U);
  EXPECT_EQ(totals().by_reason[static_cast<std::size_t>(Reason::kNodeFailed)], 1U);
  EXPECT_EQ(graph_.events().count(Kind::kFailed), 0U);
  ASSERT_EQ(tombstones_.size(), 1U);
}

TEST_F(SegmentTest, ReportsARowOfFailedFramesOnce) {
  run_nodes({processing([](Frame& frame, Emit&) -> Status {
              return frame.seq() != 3 ? Status(kFrameError) : Status();
            })},
            6);
  EXPECT_EQ(graph_.events().count(Kind::kFrameFailed), 2U);  // 0..2, and 4..5.
}

TEST_F(SegmentTest, ReportsARowOfALaterNodeOnceAlthoughTheNodesBeforeItSucceed) {
  run_nodes({processing([](Frame&, Emit&) -> Status { return {}; }),
             processing([](Frame&, Emit&) -> Status { return kFrameError; })},
            6);
  EXPECT_EQ(graph_.events().count(Kind::kFrameFailed), 1U);
  EXPECT_EQ(totals().failed, 6U);
}

TEST_F(SegmentTest, DropsFramesPastTheirDeadline) {
  const auto in = graph_.edge(4);
  graph_.source({.script = {.count = 3},
                 .window = 3,
                 .deadline = std::chrono::milliseconds(10),
                 .outputs = {{in}}});
  graph_.segment({.nodes = {scripted({.open =
                                          [this] {
                                            graph_.clock().advance(std::chrono::milliseconds(11));
                                            return Status();
                                          }})},
                  .inputs = {{in}}});
  graph_.start();
  EXPECT_TRUE(graph_.run());
  const auto books = totals();
  EXPECT_EQ(books.delivered + books.by_reason[static_cast<std::size_t>(Reason::kDeadline)], 3U);
  EXPECT_EQ(testing::imbalance(books), "");
}

TEST_F(SegmentTest, EndsAStreamOnlyWhenItHasEndedOnAllInputs) {
  std::vector<std::uint64_t> seen;
  int flushed = 0;
  const auto left = graph_.edge(4);
  const auto right = graph_.edge(1);
  graph_.source({.script = {.count = 5}, .window = 5, .outputs = {{left}, {right}}});
  graph_.segment({.nodes = {scripted({.process = [&](std::size_t, Frame& frame, Emit&) -> Status {
                                        EXPECT_EQ(flushed, 0);
                                        seen.push_back(frame.seq());
                                        return {};
                                      },
                                      .flush =
                                          [&](StreamId, Emit&) {
                                            ++flushed;
                                            return Status();
                                          }})},
                  .inputs = {{left, 0}, {right, 1}}});
  EXPECT_TRUE(graph_.run());
  EXPECT_EQ(seen.size(), 10U);
  EXPECT_EQ(flushed, 1);
  EXPECT_TRUE(graph_.all_finished());
}

TEST_F(SegmentTest, ClosesEachNodeOnce) {
  int closed = 0;
  run_nodes({scripted({.close = [&closed] {
    ++closed;
    return Status();
  }})});
  EXPECT_EQ(closed, 1);
}

TEST_F(SegmentTest, ReportsAFailingCloseAndFinishes) {
  run_nodes({scripted({.close = []() -> Status { throw std::runtime_error("disk full"); }})});
  EXPECT_TRUE(graph_.all_finished());
  EXPECT_EQ(graph_.events().count(Kind::kFrameFailed), 1U);
}

TEST_F(SegmentTest, FlushesWhatANodeKept) {
  run_nodes({keeping()}, 4);
  EXPECT_EQ(seen_, (std::vector<std::uint64_t>{1, 3, 0, 2}));
  EXPECT_EQ(totals().delivered, 4U);
}

TEST_F(SegmentTest, CountsAFrameThatANodeForgotAsLost) {
  run_nodes({processing([](Frame& frame, Emit&) -> Status {
              const Frame forgotten = std::move(frame);
              return {};
            })},
            1);
  EXPECT_EQ(totals().lost, 1U);
}

TEST_F(SegmentTest, MayBeDestroyedAfterItsEdges) {
  build({processing([](Frame& frame, Emit& emit) -> Status {
          emit.send(frame.share());
          emit.send(frame.share());
          emit.drop(std::move(frame), Reason::kFiltered);
          return {};
        })},
        40,
        16);
  graph_.start();
  graph_.runner().run(9);
  graph_.destroy_runner();
  graph_.destroy_edge(0);
  graph_.destroy_edge(1);
  graph_.destroy_segment(0);
  graph_.destroy_segment(1);
  graph_.destroy_pump(0);
  EXPECT_EQ(testing::imbalance(totals()), "");
}

}  // namespace
}  // namespace penstock
