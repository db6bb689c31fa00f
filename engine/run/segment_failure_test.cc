// What a segment does when one of its nodes fails: it tries again, goes round what poisons it, or
// is given up; no frame is lost on the way.

#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "engine/frame/frame_pool.h"
#include "engine/run/testing/scripted.h"
#include "engine/run/testing/segment_fixture.h"

namespace penstock {
namespace {

using SegmentFailure = testing::SegmentFixture;
using testing::keeping;
using testing::processing;
using testing::scripted;
using testing::upto;
using Kind = RunEvent::Kind;
using Order = Supervised::Order;

const Error kFrameError{Errc::kCorrupt, "bad frame"};
const Error kNodeError{Errc::kInternal, "node broke"};

TEST_F(SegmentFailure, RetriesTheFrameOnANewNodeAfterTheNodeFailed) {
  graph_.supervise(1);
  int made = 0;
  run_nodes({[&made]() -> Result<std::unique_ptr<Node>> {
    const bool first = made++ == 0;
    return processing([first](Frame& frame, Emit&) -> Status {
      return first && frame.seq() == 2 ? Status(kNodeError) : Status();
    })();
  }});
  EXPECT_EQ(made, 2);
  EXPECT_EQ(seen_, upto(4));
  EXPECT_EQ(totals().delivered, 4U);
  EXPECT_EQ(graph_.node_books(*under_test_, 0).restarts, 1U);
}

TEST_F(SegmentFailure, TurnsAnExceptionIntoAFailureOfTheNode) {
  graph_.supervise(1);
  bool thrown = false;
  run_nodes({processing([&](Frame& frame, Emit&) -> Status {
    if (frame.seq() == 1 && !std::exchange(thrown, true)) {
      throw std::runtime_error("ouch");
    }
    return {};
  })});
  ASSERT_EQ(graph_.events().count(Kind::kFailed), 1U);
  EXPECT_EQ(seen_, upto(4));
}

TEST_F(SegmentFailure, SurvivesAnExceptionThatIsNoStdException) {
  graph_.supervise(1);
  bool thrown = false;
  run_nodes({processing([&](Frame&, Emit&) -> Status {
    if (!std::exchange(thrown, true)) {
      throw 42;
    }
    return {};
  })});
  EXPECT_EQ(totals().delivered, 4U);
}

TEST_F(SegmentFailure, DropsAFrameAsPoisonThatMakesItsNodeFailTwice) {
  graph_.supervise(9);
  run_nodes({processing([](Frame& frame, Emit&) -> Status {
    return frame.seq() == 1 ? Status(kNodeError) : Status();
  })});
  EXPECT_EQ(seen_, (std::vector<std::uint64_t>{0, 2, 3}));
  EXPECT_EQ(totals().by_reason[static_cast<std::size_t>(Reason::kPoison)], 1U);
  EXPECT_EQ(graph_.node_books(*under_test_, 0).restarts, 2U);
}

TEST_F(SegmentFailure, SaysThatItWorksAgainWithTheFirstFrameThatTheNewNodeHasProcessed) {
  graph_.supervise(9);
  run_nodes({processing([](Frame&, Emit&) -> Status { return {}; }),
             processing([](Frame& frame, Emit&) -> Status {
               return frame.seq() == 1 ? Status(kNodeError) : Status();
             })});
  std::vector<Kind> told;
  for (const RunEvent& event : graph_.events().events) {
    if (event.runnable == under_test_) {
      told.push_back(event.kind);
    }
  }
  EXPECT_EQ(told,
            (std::vector<Kind>{
                Kind::kOpened, Kind::kFailed, Kind::kFailed, Kind::kOpened, Kind::kFinished}))
      << "the first new node failed with the same frame";
}

TEST_F(SegmentFailure, FailsAsAWholeWhenANodeIsBeyondRepair) {
  graph_.supervise(0);
  run_nodes({scripted({.process = [](std::size_t, Frame&, Emit&) -> Status { return kFrameError; },
                       .is_beyond_repair = true})});
  ASSERT_EQ(graph_.events().count(Kind::kFailed), 1U) << "at its first frame";
  EXPECT_EQ(graph_.events().count(Kind::kFrameFailed), 0U);
  EXPECT_EQ(totals().failed, 4U);
}

TEST_F(SegmentFailure, CountsAPoisonedFrameForEachBranchByItself) {
  graph_.supervise(9);
  const auto to_a = graph_.edge(4);
  const auto to_b = graph_.edge(4);
  graph_.source({.script = {.count = 1}, .outputs = {{to_a}, {to_b}}});
  const auto once_failing = [] {
    return processing([failed = std::make_shared<bool>(false)](Frame&, Emit&) -> Status {
      return std::exchange(*failed, true) ? Status() : Status(kNodeError);
    });
  };
  graph_.segment({.nodes = {once_failing()}, .inputs = {{to_a}}});
  graph_.segment({.nodes = {once_failing()}, .inputs = {{to_b}}});
  EXPECT_TRUE(graph_.run());
  EXPECT_EQ(totals().delivered, 1U);
}

TEST_F(SegmentFailure, RetriesAtTheInputPortThatTheFrameCameFrom) {
  graph_.supervise(1);
  std::vector<std::size_t> ports;
  const auto left = graph_.edge(4);
  const auto right = graph_.edge(4);
  graph_.source({.stream = StreamId{0}, .script = {.count = 1}, .outputs = {{left}}});
  graph_.source({.stream = StreamId{1}, .script = {.count = 1}, .outputs = {{right}}});
  graph_.segment({.nodes = {scripted({.process = [&ports, failed = std::make_shared<bool>(false)](
                                                     std::size_t port, Frame&, Emit&) -> Status {
                    ports.push_back(port);
                    return port == 1 && !std::exchange(*failed, true) ? Status(kNodeError)
                                                                      : Status();
                  }})},
                  .inputs = {{left, 0, {StreamId{0}}}, {right, 1, {StreamId{1}}}}});
  EXPECT_TRUE(graph_.run());
  EXPECT_EQ(ports, (std::vector<std::size_t>{0, 1, 1}));
}

TEST_F(SegmentFailure, RestartKeepsTheStateOfTheNeighbours) {
  graph_.supervise(1);
  int made_first = 0;
  int made_last = 0;
  bool failed = false;
  run_nodes({[&]() -> Result<std::unique_ptr<Node>> {
               ++made_first;
               return processing([](Frame&, Emit&) -> Status { return {}; })();
             },
             processing([&failed](Frame& frame, Emit&) -> Status {
               return frame.seq() == 1 && !std::exchange(failed, true) ? Status(kNodeError)
                                                                       : Status();
             }),
             [&]() -> Result<std::unique_ptr<Node>> {
               ++made_last;
               return processing([](Frame&, Emit&) -> Status { return {}; })();
             }});
  EXPECT_EQ(made_first, 1);
  EXPECT_EQ(made_last, 1);
  EXPECT_EQ(seen_, upto(4));  // Also the one in hand, which had passed the first node.
}

TEST_F(SegmentFailure, HoldsWhatANodeStillSendsAfterALaterOneFailed) {
  graph_.supervise(1);
  bool failed = false;
  std::vector<std::uint32_t> pieces;
  run_nodes({processing([](Frame& frame, Emit& emit) -> Status {
               for (std::uint16_t i = 0; i < 3; ++i) {
                 emit.send(FramePool::make_child(frame, i));
               }
               emit.close_fan_out(frame.id(), 3);
               frame.end(Outcome::kDelivered);
               return {};
             }),
             processing([&](Frame& frame, Emit&) -> Status {
               if (!std::exchange(failed, true)) {
                 return kNodeError;
               }
               pieces.push_back(frame.id().child.indexes[0]);
               return {};
             })},
            2);
  EXPECT_EQ(pieces, (std::vector<std::uint32_t>{0, 1, 2, 0, 1, 2}));
  EXPECT_EQ(graph_.events().count(Kind::kFailed), 1U);
  EXPECT_EQ(totals().delivered, 2U);
}

TEST_F(SegmentFailure, RestartsEveryNodeThatFailedInTheSameTurn) {
  graph_.supervise(1);
  bool first_failed = false;
  int made_second = 0;
  run_nodes({processing([&](Frame& frame, Emit& emit) -> Status {
               emit.send(frame.share());
               if (!std::exchange(first_failed, true)) {
                 return kNodeError;
               }
               frame.end(Outcome::kDelivered);
               return {};
             }),
             [&]() -> Result<std::unique_ptr<Node>> {
               const bool broken = made_second++ == 0;
               return processing([broken](Frame&, Emit&) -> Status {
                 return broken ? Status(kNodeError) : Status();
               })();
             }},
            1);
  EXPECT_EQ(made_second, 2);
  EXPECT_EQ(graph_.events().count(Kind::kFailed), 1U);
  EXPECT_EQ(totals().delivered, 1U);
}

TEST_F(SegmentFailure, GivingUpEndsFramesAsFailedAndStillPassesTheEnd) {
  graph_.supervise(0);
  run_nodes({processing([](Frame& frame, Emit&) -> Status {
              return frame.seq() >= 2 ? Status(kNodeError) : Status();
            })},
            8);
  EXPECT_EQ(seen_, upto(2));
  EXPECT_EQ(totals().failed, 6U);
  EXPECT_EQ(totals().by_reason[static_cast<std::size_t>(Reason::kStreamStopped)], 6U);
  EXPECT_TRUE(graph_.all_finished());
}

TEST_F(SegmentFailure, AnOrderToStopDoesNotHideOneToGiveUp) {
  graph_.events().on_event = [](const RunEvent& event) {
    if (event.kind == Kind::kFailed) {
      auto* failed = static_cast<Supervised*>(event.runnable);
      failed->order(Order::kGiveUp);
      failed->order(Order::kStop);
    }
  };
  run_nodes({processing([](Frame&, Emit&) -> Status { return kNodeError; })});
  EXPECT_TRUE(graph_.all_finished());
}

TEST_F(SegmentFailure, GivesUpWhatNeverOpened) {
  graph_.supervise(2);
  run_nodes({scripted({.open = [] { return Status(kNodeError); }})});
  EXPECT_EQ(graph_.events().count(Kind::kFailed), 3U);
  EXPECT_EQ(totals().failed, 4U);
  EXPECT_TRUE(graph_.all_finished());
}

TEST_F(SegmentFailure, FailsTheFramesThatAFailedNodeKept) {
  graph_.supervise(1);
  bool failed = false;
  run_nodes({keeping([&failed](Frame& frame) {
              return frame.seq() == 3 && !std::exchange(failed, true) ? Status(kNodeError)
                                                                      : Status();
            })},
            5);
  EXPECT_EQ(seen_, (std::vector<std::uint64_t>{1, 3, 4}));
  EXPECT_EQ(totals().failed, 2U);
  EXPECT_EQ(totals().lost, 0U);
  EXPECT_EQ(tombstones_.size(), 2U);
}

TEST_F(SegmentFailure, FailsTheFrameThatAThrowingNodeHadTakenOver) {
  graph_.supervise(1);
  bool thrown = false;
  run_nodes({processing([&thrown](Frame& frame, Emit& emit) -> Status {
    Frame mine = std::move(frame);
    if (mine.seq() == 1 && !std::exchange(thrown, true)) {
      throw std::runtime_error("ouch");
    }
    emit.send(std::move(mine));
    return {};
  })});
  EXPECT_EQ(seen_, (std::vector<std::uint64_t>{0, 2, 3}));
  EXPECT_EQ(totals().failed, 1U);
  EXPECT_EQ(totals().lost, 0U);
  ASSERT_EQ(tombstones_.size(), 1U);
  EXPECT_EQ(tombstones_[0].first_seq, 1U);
}

TEST_F(SegmentFailure, GivingUpAnOpenSegmentFailsWhatItsNodesKept) {
  build({keeping()}, 6, 3);
  graph_.runner().at(graph_.clock().now() + std::chrono::seconds(1),
                     [this] { under_test_->order(Order::kGiveUp); });
  EXPECT_TRUE(graph_.run());
  EXPECT_TRUE(graph_.all_finished());
  EXPECT_EQ(testing::imbalance(totals()), "");
  EXPECT_EQ(totals().failed,
            0U + totals().by_reason[static_cast<std::size_t>(Reason::kStreamStopped)]);
}

TEST_F(SegmentFailure, FlushThatThrowsFailsTheNodeAndTheEndStillPasses) {
  graph_.supervise(1);
  run_nodes(
      {scripted({.flush = [](StreamId, Emit&) -> Status { throw std::runtime_error("no"); }})});
  EXPECT_EQ(graph_.events().count(Kind::kFailed), 1U);
  EXPECT_TRUE(graph_.all_finished());
}

TEST_F(SegmentFailure, TheEndOfAStreamWaitsForFramesThatAFailedNodeHeldUp) {
  graph_.supervise(1);
  bool failed = false;
  run_nodes({keeping(), processing([&failed](Frame& frame, Emit&) -> Status {
               return frame.seq() == 0 && !std::exchange(failed, true) ? Status(kNodeError)
                                                                       : Status();
             })},
            4);
  EXPECT_EQ(seen_, (std::vector<std::uint64_t>{1, 3, 0, 2}));
  EXPECT_EQ(totals().delivered, 4U);
}

TEST_F(SegmentFailure, NoteThatThrowsFailsTheNodeAndTheRecordStillPasses) {
  graph_.supervise(1);
  bool thrown = false;
  std::size_t passed = 0;
  const auto noting = [](std::function<void()> act) {
    return scripted({.note = [act](const ControlRecord&, Emit&) -> Status {
      act();
      return {};
    }});
  };
  const auto a = graph_.edge(4);
  const auto b = graph_.edge(4);
  const auto c = graph_.edge(4);
  graph_.source({.script = {.count = 1}, .outputs = {{a}}});
  graph_.segment({.nodes = {processing([](Frame& frame, Emit& emit) -> Status {
                    emit.drop(std::move(frame), Reason::kFiltered);
                    return {};
                  })},
                  .inputs = {{a}},
                  .outputs = {{b}}});
  graph_.segment({.nodes = {noting([&thrown] {
                    if (!std::exchange(thrown, true)) {
                      throw std::runtime_error("no");
                    }
                  })},
                  .inputs = {{b}},
                  .outputs = {{c}}});
  graph_.segment({.nodes = {noting([&passed] { ++passed; })}, .inputs = {{c}}});
  EXPECT_TRUE(graph_.run());
  EXPECT_EQ(graph_.events().count(Kind::kFailed), 1U);
  EXPECT_EQ(passed, 1U);
  EXPECT_TRUE(graph_.all_finished());
}

}  // namespace
}  // namespace penstock
