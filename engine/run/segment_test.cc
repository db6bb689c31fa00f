#include "engine/run/segment.h"

#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "engine/frame/frame_pool.h"
#include "engine/run/testing/virtual_graph.h"

namespace penstock {
namespace {

using testing::processing;
using testing::scripted;
using testing::VirtualGraph;
using Kind = RunEvent::Kind;
using Order = Supervised::Order;

const Error kFrameError{Errc::kCorrupt, "bad frame"};
const Error kNodeError{Errc::kInternal, "node broke"};

/// A sink that keeps the numbers of the frames it was given.
NodeFactory recording(std::vector<std::uint64_t>& seen) {
  return processing([&seen](Frame& frame, Emit& /*emit*/) -> Status {
    seen.push_back(frame.seq());
    return {};
  });
}

std::vector<std::uint64_t> upto(std::uint64_t count) {
  std::vector<std::uint64_t> numbers;
  for (std::uint64_t i = 0; i < count; ++i) {
    numbers.push_back(i);
  }
  return numbers;
}

/// source -> segment under test -> sink.
class SegmentTest : public ::testing::Test {
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

  /// Restarts each failed segment after a second, `times` times, then gives up.
  void supervise(int times) {
    graph_.events().on_event = [this, times, done = 0](const RunEvent& event) mutable {
      if (event.kind == Kind::kFailed) {
        auto* failed = static_cast<Supervised*>(event.runnable);
        const Order order = done++ < times ? Order::kRestart : Order::kGiveUp;
        graph_.runner().at(graph_.clock().now() + std::chrono::seconds(1),
                           [failed, order] { failed->order(order); });
      }
    };
  }

  StreamLedger::Totals totals() { return graph_.books(0).totals(); }

  VirtualGraph graph_;
  Segment* under_test_ = nullptr;
  std::vector<std::uint64_t> seen_;
  std::vector<Tombstone> tombstones_;
};

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

TEST_F(SegmentTest, SendsAFrameToAllConsumersOfItsPortOnly) {
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

TEST_F(SegmentTest, TellsTheOtherOutputsOfWhatItSendsOutOfOne) {
  std::string first;
  std::string second;
  const auto in = graph_.edge(2);
  const auto to_first = graph_.edge(2);
  const auto to_second = graph_.edge(2);
  graph_.source({.script = {.count = 5}, .window = 3, .outputs = {{in}}});
  graph_.segment({.nodes = {processing([](Frame& frame, Emit& emit) -> Status {
                    if (frame.seq() == 2) {
                      emit.send(frame.share(), 1);  // Out of both.
                    } else if (frame.seq() > 2) {
                      emit.send(std::move(frame), 1);
                    }
                    return {};
                  })},
                  .inputs = {{in}},
                  .outputs = {{to_first, 0}, {to_second, 1}},
                  .ports = 2});
  graph_.segment({.nodes = {writing(first)}, .inputs = {{to_first}}});
  graph_.segment({.nodes = {writing(second)}, .inputs = {{to_second}}});
  EXPECT_TRUE(graph_.run());
  EXPECT_EQ(first, "012(3 routed)(4 routed)");
  EXPECT_EQ(second, "(0 routed)(1 routed)234");
  EXPECT_EQ(totals().delivered, 5U);
  EXPECT_EQ(testing::imbalance(totals()), "");
}

TEST_F(SegmentTest, TellsConsumersOfWhatGoesOutOfAnOutputThatNobodyReads) {
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

TEST_F(SegmentTest, LetsTheClosingRecordSpeakForAFrameThatWasCut) {
  std::string first;
  std::string second;
  const auto in = graph_.edge(2);
  const auto to_first = graph_.edge(2);
  const auto to_second = graph_.edge(4);
  graph_.source({.script = {.count = 1}, .outputs = {{in}}});
  graph_.segment({.nodes = {processing([](Frame& frame, Emit& emit) -> Status {
                    emit.send(FramePool::make_child(frame, 0), 1);
                    emit.send(FramePool::make_child(frame, 1), 1);
                    emit.close_fan_out(frame.id(), 2);
                    return {};
                  })},
                  .inputs = {{in}},
                  .outputs = {{to_first, 0}, {to_second, 1}},
                  .ports = 2});
  graph_.segment({.nodes = {writing(first)}, .inputs = {{to_first}}});
  graph_.segment({.nodes = {writing(second)}, .inputs = {{to_second}}});
  EXPECT_TRUE(graph_.run());
  EXPECT_EQ(second, "0'0'[0:2]") << "its pieces are waited for";
  EXPECT_EQ(first, "[0:2]0(0' routed)(0' routed)");
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

TEST_F(SegmentTest, RetriesTheFrameOnANewNodeAfterTheNodeFailed) {
  supervise(1);
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

TEST_F(SegmentTest, TurnsAnExceptionIntoAFailureOfTheNode) {
  supervise(1);
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

TEST_F(SegmentTest, SurvivesAnExceptionThatIsNoStdException) {
  supervise(1);
  bool thrown = false;
  run_nodes({processing([&](Frame&, Emit&) -> Status {
    if (!std::exchange(thrown, true)) {
      throw 42;
    }
    return {};
  })});
  EXPECT_EQ(totals().delivered, 4U);
}

TEST_F(SegmentTest, DropsAFrameAsPoisonThatMakesItsNodeFailTwice) {
  supervise(9);
  run_nodes({processing([](Frame& frame, Emit&) -> Status {
    return frame.seq() == 1 ? Status(kNodeError) : Status();
  })});
  EXPECT_EQ(seen_, (std::vector<std::uint64_t>{0, 2, 3}));
  EXPECT_EQ(totals().by_reason[static_cast<std::size_t>(Reason::kPoison)], 1U);
  EXPECT_EQ(graph_.node_books(*under_test_, 0).restarts, 2U);
}

TEST_F(SegmentTest, SaysThatItWorksAgainWithTheFirstFrameThatTheNewNodeHasProcessed) {
  supervise(9);
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

TEST_F(SegmentTest, FailsAsAWholeWhenANodeIsBeyondRepair) {
  supervise(0);
  run_nodes({scripted({.process = [](std::size_t, Frame&, Emit&) -> Status { return kFrameError; },
                       .is_beyond_repair = true})});
  ASSERT_EQ(graph_.events().count(Kind::kFailed), 1U) << "at its first frame";
  EXPECT_EQ(graph_.events().count(Kind::kFrameFailed), 0U);
  EXPECT_EQ(totals().failed, 4U);
}

TEST_F(SegmentTest, CountsAPoisonedFrameForEachBranchByItself) {
  supervise(9);
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

TEST_F(SegmentTest, RetriesAtTheInputPortThatTheFrameCameFrom) {
  supervise(1);
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

TEST_F(SegmentTest, RestartKeepsTheStateOfTheNeighbours) {
  supervise(1);
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

TEST_F(SegmentTest, HoldsWhatANodeStillSendsAfterALaterOneFailed) {
  supervise(1);
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

TEST_F(SegmentTest, RestartsEveryNodeThatFailedInTheSameTurn) {
  supervise(1);
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

TEST_F(SegmentTest, GivingUpEndsFramesAsFailedAndStillPassesTheEnd) {
  supervise(0);
  run_nodes({processing([](Frame& frame, Emit&) -> Status {
              return frame.seq() >= 2 ? Status(kNodeError) : Status();
            })},
            8);
  EXPECT_EQ(seen_, upto(2));
  EXPECT_EQ(totals().failed, 6U);
  EXPECT_EQ(totals().by_reason[static_cast<std::size_t>(Reason::kStreamStopped)], 6U);
  EXPECT_TRUE(graph_.all_finished());
}

TEST_F(SegmentTest, AnOrderToStopDoesNotHideOneToGiveUp) {
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

TEST_F(SegmentTest, GivesUpWhatNeverOpened) {
  supervise(2);
  run_nodes({scripted({.open = [] { return Status(kNodeError); }})});
  EXPECT_EQ(graph_.events().count(Kind::kFailed), 3U);
  EXPECT_EQ(totals().failed, 4U);
  EXPECT_TRUE(graph_.all_finished());
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

/// A node that keeps every second frame until the stream ends.
NodeFactory keeping(std::function<Status(Frame&)> check = {}) {
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

TEST_F(SegmentTest, FlushesWhatANodeKept) {
  run_nodes({keeping()}, 4);
  EXPECT_EQ(seen_, (std::vector<std::uint64_t>{1, 3, 0, 2}));
  EXPECT_EQ(totals().delivered, 4U);
}

TEST_F(SegmentTest, FailsTheFramesThatAFailedNodeKept) {
  supervise(1);
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

TEST_F(SegmentTest, FailsTheFrameThatAThrowingNodeHadTakenOver) {
  supervise(1);
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

TEST_F(SegmentTest, CountsAFrameThatANodeForgotAsLost) {
  run_nodes({processing([](Frame& frame, Emit&) -> Status {
              const Frame forgotten = std::move(frame);
              return {};
            })},
            1);
  EXPECT_EQ(totals().lost, 1U);
}

TEST_F(SegmentTest, GivingUpAnOpenSegmentFailsWhatItsNodesKept) {
  build({keeping()}, 6, 3);
  graph_.runner().at(graph_.clock().now() + std::chrono::seconds(1),
                     [this] { under_test_->order(Order::kGiveUp); });
  EXPECT_TRUE(graph_.run());
  EXPECT_TRUE(graph_.all_finished());
  EXPECT_EQ(testing::imbalance(totals()), "");
  EXPECT_EQ(totals().failed,
            0U + totals().by_reason[static_cast<std::size_t>(Reason::kStreamStopped)]);
}

TEST_F(SegmentTest, FlushThatThrowsFailsTheNodeAndTheEndStillPasses) {
  supervise(1);
  run_nodes(
      {scripted({.flush = [](StreamId, Emit&) -> Status { throw std::runtime_error("no"); }})});
  EXPECT_EQ(graph_.events().count(Kind::kFailed), 1U);
  EXPECT_TRUE(graph_.all_finished());
}

TEST_F(SegmentTest, TheEndOfAStreamWaitsForFramesThatAFailedNodeHeldUp) {
  supervise(1);
  bool failed = false;
  run_nodes({keeping(), processing([&failed](Frame& frame, Emit&) -> Status {
               return frame.seq() == 0 && !std::exchange(failed, true) ? Status(kNodeError)
                                                                       : Status();
             })},
            4);
  EXPECT_EQ(seen_, (std::vector<std::uint64_t>{1, 3, 0, 2}));
  EXPECT_EQ(totals().delivered, 4U);
}

TEST_F(SegmentTest, NoteThatThrowsFailsTheNodeAndTheRecordStillPasses) {
  supervise(1);
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
