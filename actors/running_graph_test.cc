#include "actors/running_graph.h"

#include <algorithm>
#include <atomic>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "actors/testing/gate.h"
#include "engine/plan/plan.h"
#include "engine/run/run_status.h"
#include "engine/run/testing/scripted.h"
#include "engine/run/testing/virtual_graph.h"

namespace penstock::actors {
namespace {

using penstock::testing::imbalance;
using penstock::testing::processing;
using penstock::testing::scripted;
using penstock::testing::ScriptedSource;
using std::chrono::milliseconds;
using testing::Gate;
using testing::kFarTooLong;

constexpr std::uint64_t kEndless = std::numeric_limits<std::uint64_t>::max();

/// cam -> work -> end, once for each stream; what `work` and `end` do is the test's.
class World final : public NodeMakers {
 public:
  std::vector<std::string> streams = {"cam"};
  std::uint64_t frames = 100;
  RestartRule rule = {.backoff_first = milliseconds(1)};
  std::map<std::string, NodeFactory> makers;  ///< By "work", "end", or "work[stream]".
  RunningGraph::Options options;

  std::unique_ptr<RunningGraph> start(Workers& workers) {
    Topology topology;
    topology.graph = "world";
    Topology::Node cam;
    cam.name = "cam";
    cam.kind = Topology::Kind::kSource;
    cam.waits = true;
    cam.streams = streams;
    Topology::Node work;
    work.name = "work";
    work.per_stream = true;
    work.inputs.push_back({});
    Topology::Node end = work;
    end.name = "end";
    end.kind = Topology::Kind::kSink;
    end.waits = true;
    end.inputs[0].from = 1;
    topology.nodes = {cam, work, end};
    options.clock = &clock;
    options.on_note = [this](const Supervisor::Note& note) {
      {
        const std::lock_guard lock(mutex_);
        notes_ += note.text + "\n";
      }
      if (on_note) {
        on_note(note.text);
      }
    };
    return RunningGraph::start(
        workers,
        std::move(GraphRun::create(topology, plan(topology).value(), *this, clock)).value(),
        options);
  }

  std::string notes() {
    const std::lock_guard lock(mutex_);
    return notes_;
  }

  NodeFactory node(std::size_t node, const std::string& stream) override {
    const std::string name = node == 1 ? "work" : "end";
    for (const std::string& key : {name + "[" + stream + "]", name}) {
      if (const auto found = makers.find(key); found != makers.end()) {
        return found->second;
      }
    }
    return processing([](Frame&, Emit&) -> Status { return {}; });
  }

  SourceWords source(std::size_t /*node*/, const std::string& /*stream*/) override {
    SourceWords words;
    auto position = std::make_shared<ScriptedSource::Position>();
    words.make = [this, position]() -> Result<std::unique_ptr<Source>> {
      return std::unique_ptr<Source>(
          std::make_unique<ScriptedSource>(ScriptedSource::Script{.count = frames}, position));
    };
    return words;
  }

  StationWords station(std::size_t /*node*/) override { return {}; }

  RestartRule restart(std::size_t /*node*/) override { return rule; }

  SteadyClock clock;
  std::function<void(const std::string&)> on_note;

 private:
  std::mutex mutex_;
  std::string notes_;
};

Workers workers(std::uint32_t count = 2) {
  return std::move(Workers::start(count)).value();
}

StreamLedger::Totals totals(const RunningGraph& graph, std::size_t stream = 0) {
  return status_of(graph.run()).streams[stream].totals;
}

TEST(Workers, AreAsManyAsAskedForAndOneACoreByDefault) {
  EXPECT_EQ(workers(3).count(), 3U);
  EXPECT_GE(workers(0).count(), 1U);
  EXPECT_EQ(Workers::start(Workers::kMax + 1).error().code, Errc::kInvalidArgument);
}

TEST(RunningGraph, RunsToItsEndInOrder) {
  Workers two = workers();
  World world;
  std::vector<std::uint64_t> seen;
  world.frames = 5000;
  world.makers["end"] = processing([&](Frame& frame, Emit&) -> Status {
    seen.push_back(frame.seq());
    return {};
  });
  const auto graph = world.start(two);
  ASSERT_TRUE(graph->wait_for(kFarTooLong));
  EXPECT_FALSE(graph->has_failed());
  EXPECT_EQ(totals(*graph).delivered, 5000U);
  ASSERT_EQ(seen.size(), 5000U);
  for (std::uint64_t i = 0; i < seen.size(); ++i) {
    ASSERT_EQ(seen[i], i);
  }
  EXPECT_EQ(world.notes(), "");
}

TEST(RunningGraph, FinishesWhatIsInItWhenItIsStopped) {
  Workers two = workers();
  World world;
  Gate some;
  world.frames = kEndless;
  world.makers["end"] = processing([&](Frame& frame, Emit&) -> Status {
    if (frame.seq() == 100) {
      some.open();
    }
    return {};
  });
  const auto graph = world.start(two);
  some.wait();
  EXPECT_FALSE(graph->wait_for(Duration::zero()));
  graph->stop();
  ASSERT_TRUE(graph->wait_for(kFarTooLong));
  EXPECT_FALSE(graph->has_failed());
  EXPECT_EQ(imbalance(totals(*graph)), "");
  EXPECT_EQ(totals(*graph).delivered, totals(*graph).admitted);
}

TEST(RunningGraph, RestartsANodeThatThrowsAndTriesItsFrameOnceMore) {
  Workers two = workers();
  World world;
  std::atomic<int> made{0};
  world.makers["work"] = [&]() -> Result<std::unique_ptr<Node>> {
    const bool first = made++ == 0;
    return processing([first](Frame& frame, Emit&) -> Status {
      if (first && frame.seq() == 5) {
        throw std::runtime_error("five");
      }
      return {};
    })();
  };
  const auto graph = world.start(two);
  ASSERT_TRUE(graph->wait_for(kFarTooLong));
  EXPECT_FALSE(graph->has_failed());
  EXPECT_EQ(made.load(), 2);
  EXPECT_EQ(totals(*graph).delivered, 100U);
  EXPECT_NE(world.notes().find("five; tried again"), std::string::npos) << world.notes();
  EXPECT_NE(world.notes().find("works again"), std::string::npos) << world.notes();
}

TEST(RunningGraph, StopsOneStreamThatFailsForGoodAndFinishesTheOther) {
  Workers two = workers();
  World world;
  world.streams = {"good", "bad"};
  world.frames = 1000;
  world.makers["work[bad]"] = processing([](Frame& frame, Emit&) -> Status {
    return frame.seq() < 10 ? Status() : Status(Error{Errc::kInternal, "broke"});
  });
  const auto graph = world.start(two);
  ASSERT_TRUE(graph->wait_for(kFarTooLong));
  EXPECT_TRUE(graph->has_failed());
  EXPECT_EQ(totals(*graph, 0).delivered, 1000U);
  EXPECT_EQ(totals(*graph, 1).delivered, 10U);
  EXPECT_EQ(imbalance(totals(*graph, 1)), "");
  EXPECT_NE(world.notes().find("its stream is stopped"), std::string::npos) << world.notes();
}

TEST(RunningGraph, NamesWhatTheDrainLimitCutOff) {
  Workers two = workers();
  World world;
  world.frames = 1000;
  world.options.drain_limit = Duration::zero();
  Gate taken;
  Gate given_up;
  world.makers["end"] = processing([&](Frame&, Emit&) -> Status {
    taken.open();
    given_up.wait();
    return {};
  });
  world.on_note = [&](const std::string& text) {
    if (text.find("not finished") != std::string::npos) {
      given_up.open();
    }
  };
  const auto graph = world.start(two);
  taken.wait();
  graph->stop();
  ASSERT_TRUE(graph->wait_for(kFarTooLong));
  EXPECT_TRUE(graph->has_failed());
  const std::vector<std::string> cut = graph->cut_off();
  EXPECT_NE(std::find(cut.begin(), cut.end(), "end[cam]"), cut.end()) << world.notes();
  EXPECT_EQ(imbalance(totals(*graph)), "");
}

TEST(RunningGraph, GivesUpOnANodeThatNeverOpens) {
  Workers two = workers();
  World world;
  world.makers["end"] = scripted({.open = []() -> Status {
    return Error{Errc::kNotFound, "no such folder"};
  }});
  const auto graph = world.start(two);
  ASSERT_TRUE(graph->wait_for(kFarTooLong));
  EXPECT_TRUE(graph->has_failed());
  EXPECT_EQ(imbalance(totals(*graph)), "");
  EXPECT_EQ(totals(*graph).delivered, 0U);
}

TEST(RunningGraph, OpensWhereBlockingHoldsUpNobodyElse) {
  Workers one = workers(1);
  Gate gate;
  World slow;
  slow.makers["work"] = scripted({.open = [&]() -> Status {
    gate.wait();
    return {};
  }});
  const auto slow_graph = slow.start(one);
  World quick;
  const auto quick_graph = quick.start(one);
  EXPECT_TRUE(quick_graph->wait_for(kFarTooLong));
  EXPECT_FALSE(slow_graph->wait_for(Duration::zero()));
  gate.open();
  EXPECT_TRUE(slow_graph->wait_for(kFarTooLong));
  EXPECT_EQ(totals(*slow_graph).delivered, 100U);
}

TEST(RunningGraph, NamesTheEdgeWhoseConsumerTakesNothing) {
  Workers two = workers();
  World world;
  Gate stalled;
  world.options.stall_limit = milliseconds(1);
  world.makers["end"] = processing([&](Frame& frame, Emit&) -> Status {
    if (frame.seq() == 3) {
      stalled.wait();  // What a node must not do.
    }
    return {};
  });
  world.on_note = [&](const std::string& text) {
    if (text.find("edge 'work -> end") == 0 && text.find("has taken nothing") != text.npos) {
      stalled.open();
    }
  };
  const auto graph = world.start(two);
  ASSERT_TRUE(graph->wait_for(kFarTooLong));
  EXPECT_EQ(totals(*graph).delivered, 100U);
}

TEST(RunningGraph, LeavesANodeThatHangsWhenItIsClosedAndNamesIt) {
  Workers two = workers();
  World world;
  Gate hangs;
  Gate may_go_on;
  world.options.drain_limit = milliseconds(1);
  world.options.give_up_limit = milliseconds(1);
  world.makers["end"] = processing([&](Frame&, Emit&) -> Status {
    hangs.open();
    may_go_on.wait();
    return {};
  });
  const auto graph = world.start(two);
  hangs.wait();
  graph->stop();
  EXPECT_TRUE(graph->wait_for(kFarTooLong));
  EXPECT_TRUE(graph->has_failed());
  // The others are still ending.
  const std::string hung = "waited for 'end[cam]' in a call that does not return";
  Status closed = graph->close(Duration::zero());
  const TimePoint late = world.clock.now() + kFarTooLong;
  while (!closed.has_value() && closed.error().message.find(hung) == std::string::npos) {
    ASSERT_LT(world.clock.now(), late) << closed.error().message;
    closed = graph->close(milliseconds(1));
  }
  ASSERT_FALSE(closed.has_value());
  EXPECT_EQ(closed.error().code, Errc::kDeadlineExceeded);
  may_go_on.open();
  EXPECT_TRUE(graph->close(kFarTooLong).has_value());
}

TEST(RunningGraph, FinishesThoughANodeHangsOnTheOnlyWorker) {
  Workers one = workers(1);
  World world;
  Gate hangs;
  Gate may_go_on;
  world.options.drain_limit = milliseconds(1);
  world.options.give_up_limit = milliseconds(1);
  world.makers["work"] = processing([&](Frame&, Emit&) -> Status {
    hangs.open();
    may_go_on.wait();
    return {};
  });
  const auto graph = world.start(one);
  hangs.wait();
  graph->stop();
  EXPECT_TRUE(graph->wait_for(kFarTooLong));
  const std::string notes = world.notes();
  const std::size_t left = notes.find("hangs in a call that does not return, left there: ");
  EXPECT_NE(left, std::string::npos) << notes;
  // On a busy machine another may be in its last turn when the limit passes, and is named too.
  EXPECT_NE(notes.find("'work[cam]'", left), std::string::npos) << notes;
  may_go_on.open();
  EXPECT_TRUE(graph->close(kFarTooLong).has_value());
}

TEST(RunningGraph, RunsManyOneAfterAnother) {
  Workers two = workers();
  for (int i = 0; i < 100; ++i) {
    World world;
    world.frames = 20;
    const auto graph = world.start(two);
    ASSERT_TRUE(graph->wait_for(kFarTooLong)) << i;
    ASSERT_EQ(totals(*graph).delivered, 20U) << i;
  }
}

TEST(RunningGraph, RunsManyAtOnce) {
  Workers two = workers();
  std::vector<std::unique_ptr<World>> worlds;
  std::vector<std::unique_ptr<RunningGraph>> graphs;
  for (int i = 0; i < 30; ++i) {
    worlds.push_back(std::make_unique<World>());
    worlds.back()->streams = {"a", "b", "c"};
    graphs.push_back(worlds.back()->start(two));
  }
  for (const auto& graph : graphs) {
    ASSERT_TRUE(graph->wait_for(kFarTooLong));
    for (std::size_t stream = 0; stream < 3; ++stream) {
      EXPECT_EQ(totals(*graph, stream).delivered, 100U);
    }
  }
}

TEST(RunningGraph, IsDestroyedWhileItRuns) {
  Workers two = workers();
  for (std::uint64_t i = 0; i < 100; ++i) {
    World world;
    Gate some;
    std::atomic<std::uint64_t> processed{0};
    std::atomic<bool> closed{false};
    world.frames = kEndless;
    world.makers["end"] = scripted({.process = [&](std::size_t, Frame&, Emit&) -> Status {
                                      if (processed++ == i) {
                                        some.open();
                                      }
                                      return {};
                                    },
                                    .close = [&]() -> Status {
                                      closed = true;
                                      return {};
                                    }});
    {
      const auto graph = world.start(two);
      if (i % 2 == 0) {
        some.wait();
      }
    }
    EXPECT_TRUE(closed) << "files are closed, " << i;
  }
}

TEST(RunningGraph, IsDestroyedWhileANodeWaitsForItsRestart) {
  Workers two = workers();
  World world;
  Gate failed;
  world.rule.backoff_first = world.rule.backoff_limit = std::chrono::hours(1);
  world.makers["work"] = processing([](Frame&, Emit&) -> Status {
    return Error{Errc::kInternal, "broke"};
  });
  world.on_note = [&](const std::string&) { failed.open(); };
  const auto graph = world.start(two);
  failed.wait();
}

}  // namespace
}  // namespace penstock::actors
