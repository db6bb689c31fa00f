#include "engine/run/source_pump.h"

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "engine/run/testing/virtual_graph.h"

namespace penstock {
namespace {

using testing::processing;
using testing::ScriptedSource;
using testing::VirtualGraph;
using Kind = RunEvent::Kind;
using Order = Supervised::Order;
using std::chrono::milliseconds;

constexpr TimePoint kStart{std::chrono::seconds(1000)};

/// source -> sink; the sink may keep its frames.
class SourcePumpTest : public ::testing::Test {
 protected:
  struct Arrival {
    std::uint64_t seq = 0;
    Duration pts{0};
    Duration at{0};  // Since the start.
  };

  ~SourcePumpTest() override {
    for (Frame& frame : kept_) {
      frame.end(Outcome::kDelivered);
    }
  }

  SourcePump& build(VirtualGraph::SourceSpec spec) {
    const auto edge = graph_.edge(8);
    spec.outputs = {{edge}};
    SourcePump& pump = graph_.source(std::move(spec));
    graph_.segment({.nodes = {processing([this](Frame& frame, Emit& emit) -> Status {
                      arrivals_.push_back({frame.seq(), frame.time().pts, emit.now() - kStart});
                      if (keeps_) {
                        kept_.push_back(std::move(frame));
                      }
                      return {};
                    })},
                    .inputs = {{edge}}});
    return pump;
  }

  void release_one_at(Duration when) {
    graph_.runner().at(kStart + when, [this] {
      kept_.front().end(Outcome::kDelivered);
      kept_.erase(kept_.begin());
    });
  }

  /// Six frames; before the fourth the camera is gone, once.
  static ScriptedSource::Script six_frames_and_a_break() {
    ScriptedSource::Script script;
    script.count = 6;
    script.on_frame =
        [failed = std::make_shared<bool>(false)](std::uint64_t seq) -> std::optional<Error> {
      return seq == 3 && !std::exchange(*failed, true)
                 ? std::optional<Error>({Errc::kPeerGone, "camera gone"})
                 : std::nullopt;
    };
    return script;
  }

  std::vector<std::uint64_t> seqs() const {
    std::vector<std::uint64_t> numbers;
    for (const Arrival& one : arrivals_) {
      numbers.push_back(one.seq);
    }
    return numbers;
  }

  std::uint64_t refused(Reason reason) {
    return graph_.books(0).totals().by_reason[static_cast<std::size_t>(reason)];
  }

  VirtualGraph graph_;
  bool keeps_ = false;
  std::vector<Frame> kept_;
  std::vector<Arrival> arrivals_;
};

TEST_F(SourcePumpTest, SendsEveryFrameAndFinishes) {
  build({.script = {.count = 20}});
  EXPECT_TRUE(graph_.run());
  EXPECT_EQ(arrivals_.size(), 20U);
  EXPECT_TRUE(graph_.all_finished());
  EXPECT_EQ(graph_.pump(0).progress_permille(), 1000);
  EXPECT_EQ(graph_.events().count(Kind::kFinished), 2U);
  EXPECT_EQ(graph_.position(0).stops, 1);
}

TEST_F(SourcePumpTest, RefusesAWindowOf0AndAMaxFpsOf0) {
  ManualClock clock;
  SourcePump::Options options;
  options.window = 0;
  options.context.clock = &clock;
  options.ledger = std::make_shared<StreamLedger>();
  EXPECT_EQ(SourcePump::create(options).error().code, Errc::kInvalidArgument);
  options.window = 1;
  options.max_fps = 0;
  EXPECT_EQ(SourcePump::create(options).error().code, Errc::kInvalidArgument);
}

TEST_F(SourcePumpTest, ReadsALosslessSourceOneFrameAheadOfItsPlaces) {
  keeps_ = true;
  SourcePump& pump = build({.script = {.count = 5}, .window = 2});
  release_one_at(milliseconds(10));
  EXPECT_TRUE(graph_.run());
  EXPECT_EQ(graph_.position(0).next, 4U);  // Two places, the one that came back, and one ahead.
  EXPECT_EQ(pump.in_flight(), 2U);
  EXPECT_EQ(graph_.books(0).totals().refused, 0U);
}

TEST_F(SourcePumpTest, EndsAStreamWhoseLastFramesFillTheWindow) {
  keeps_ = true;
  SourcePump& pump = build({.script = {.count = 2}, .window = 2});
  EXPECT_TRUE(graph_.run());
  EXPECT_EQ(pump.in_flight(), 2U);
  EXPECT_TRUE(graph_.runner().is_finished(pump));
}

TEST_F(SourcePumpTest, LetsTheLatestFrameOfALiveSourceWin) {
  keeps_ = true;
  build({.script = {.count = 6, .period = milliseconds(10), .live = true}, .window = 1});
  release_one_at(milliseconds(35));
  EXPECT_TRUE(graph_.run());
  EXPECT_EQ(seqs(), (std::vector<std::uint64_t>{0, 3}));
  EXPECT_EQ(refused(Reason::kLatestWins), 3U);  // 1, 2; and 4, which 5 replaced.
}

/// A source that gives each frame after three that it let go.
class SkippingSource final : public Source {
 public:
  Status start(const SourceContext& /*context*/, Doorbell /*doorbell*/) override { return {}; }

  Pull pull(SourceFrame& out) override {
    out.skipped = 3;
    return given_++ < 2 ? Pull::kFrame : Pull::kEnd;
  }

  [[nodiscard]] Error failure() const override { return {}; }

  void stop() override {}

  [[nodiscard]] bool is_live() const override { return true; }

 private:
  int given_ = 0;
};

TEST_F(SourcePumpTest, BooksWhatTheSourceLetGo) {
  build({.window = 4, .make = []() -> Result<std::unique_ptr<Source>> {
           return std::unique_ptr<Source>(std::make_unique<SkippingSource>());
         }});
  EXPECT_TRUE(graph_.run());
  EXPECT_EQ(seqs(), (std::vector<std::uint64_t>{3, 7}));
  EXPECT_EQ(graph_.books(0).totals().offered, 8U);
  EXPECT_EQ(refused(Reason::kLatestWins), 6U);
}

TEST_F(SourcePumpTest, BooksTheFrameThatWaitedWhenItWasStopped) {
  keeps_ = true;
  SourcePump& pump =
      build({.script = {.count = 6, .period = milliseconds(10), .live = true}, .window = 1});
  graph_.runner().at(kStart + milliseconds(15), [&pump] { pump.order(Order::kStop); });
  EXPECT_TRUE(graph_.run());
  EXPECT_EQ(refused(Reason::kShutdown), 1U);
  EXPECT_EQ(graph_.position(0).stops, 1);
}

TEST_F(SourcePumpTest, BooksTheFrameThatWaitedWhenItIsDestroyed) {
  keeps_ = true;
  build({.script = {.count = 6, .period = milliseconds(10), .live = true}, .window = 1});
  graph_.run_until(milliseconds(15));
  graph_.destroy_runner();
  graph_.destroy_pump(0);
  const auto totals = graph_.books(0).totals();
  EXPECT_EQ(totals.offered, totals.admitted + totals.refused);
  EXPECT_EQ(graph_.position(0).stops, 1);
}

TEST_F(SourcePumpTest, SendsTheLastLiveFrameThoughTheSourceIsOver) {
  keeps_ = true;
  build({.script = {.count = 2, .period = milliseconds(10), .live = true}, .window = 1});
  release_one_at(milliseconds(500));
  EXPECT_TRUE(graph_.run());
  EXPECT_EQ(seqs(), (std::vector<std::uint64_t>{0, 1}));
}

TEST_F(SourcePumpTest, LeavesOutFramesThatComeFasterThanMaxFps) {
  build({.script = {.count = 25, .period = milliseconds(40)}, .max_fps = 10});
  EXPECT_TRUE(graph_.run());
  EXPECT_EQ(arrivals_.size(), 10U);
  EXPECT_EQ(refused(Reason::kSampled), 15U);
}

TEST_F(SourcePumpTest, PacesAFileByItsOwnTimes) {
  build({.script = {.count = 4, .period = milliseconds(40)}, .realtime = true});
  EXPECT_TRUE(graph_.run());
  ASSERT_EQ(arrivals_.size(), 4U);
  for (const Arrival& one : arrivals_) {
    EXPECT_EQ(one.at, milliseconds(40) * static_cast<int>(one.seq));
  }
}

TEST_F(SourcePumpTest, GoesOnCountingAndRisingAfterAReconnect) {
  graph_.supervise(1);
  build({.script = six_frames_and_a_break()});
  EXPECT_TRUE(graph_.run());
  EXPECT_EQ(seqs(), (std::vector<std::uint64_t>{0, 1, 2, 3, 4, 5}));
  for (std::size_t i = 1; i < arrivals_.size(); ++i) {
    EXPECT_GT(arrivals_[i].pts, arrivals_[i - 1].pts);
  }
  EXPECT_EQ(graph_.position(0).starts, 2);
  EXPECT_EQ(graph_.position(0).stops, 2);
  EXPECT_EQ(graph_.events().count(Kind::kOpened), 3U);  // The sink once, the source twice.
}

TEST_F(SourcePumpTest, TellsOnceAtTheEndOfAFileWhatWasWrongWithIt) {
  ScriptedSource::Script script;
  script.count = 6;
  script.flaws = [](std::uint64_t frames) {
    return SourceFlaws{frames >= 3 ? 2U : 0U, frames == 6 ? 4U : 0U};
  };
  build({.script = script});
  EXPECT_TRUE(graph_.run());
  EXPECT_EQ(arrivals_.size(), 6U);
  ASSERT_EQ(graph_.events().count(Kind::kFlawed), 1U);
  for (const RunEvent& event : graph_.events().events) {
    if (event.kind == Kind::kFlawed) {
      EXPECT_EQ(event.error.message,
                "its data is damaged: 2 decode errors, and it ended at frame 6 of the 10 that its "
                "container names");
    }
  }
  EXPECT_EQ(graph_.pump(0).flaws().decode_errors, 2U);
  EXPECT_EQ(graph_.pump(0).flaws().missing_frames, 4U);
}

TEST_F(SourcePumpTest, TellsOfTheFirstFlawOfALiveSourceOnceAndCountsOverReconnects) {
  graph_.supervise(1);
  ScriptedSource::Script script = six_frames_and_a_break();
  script.live = true;
  script.flaws = [](std::uint64_t /*frames*/) { return SourceFlaws{1, 0}; };
  build({.script = script});
  EXPECT_TRUE(graph_.run());
  EXPECT_EQ(graph_.events().count(Kind::kFlawed), 1U);
  ASSERT_GE(graph_.events().events.size(), 3U);
  EXPECT_EQ(graph_.pump(0).flaws().decode_errors, 2U);
}

/// Gives as many frames as it is allowed to, and ends with the fourth.
class HesitantSource final : public Source {
 public:
  explicit HesitantSource(std::uint64_t* allowed) : allowed_(allowed) {}

  Status start(const SourceContext& /*context*/, Doorbell /*doorbell*/) override { return {}; }

  Pull pull(SourceFrame& out) override {
    if (given_ == *allowed_) {
      return Pull::kNothing;
    }
    out.time.pts = milliseconds(40) * static_cast<int>(given_++);
    return given_ == 4 ? Pull::kEnd : Pull::kFrame;
  }

  [[nodiscard]] Error failure() const override { return {}; }

  void stop() override {}

  [[nodiscard]] bool is_live() const override { return true; }

 private:
  std::uint64_t* allowed_;
  std::uint64_t given_ = 0;
};

TEST_F(SourcePumpTest, SaysOnceThatItsSourceIsSilentAndOnceThatItIsNot) {
  std::uint64_t allowed = 2;
  SourcePump& pump = build({.make = [&]() -> Result<std::unique_ptr<Source>> {
    return std::unique_ptr<Source>(std::make_unique<HesitantSource>(&allowed));
  }});
  std::vector<std::pair<Kind, Duration>> told;
  graph_.events().on_event = [&](const RunEvent& event) {
    if (event.kind == Kind::kSilent || event.kind == Kind::kHeard) {
      told.emplace_back(event.kind, graph_.clock().now() - kStart);
    }
  };
  const auto allow_at = [&](Duration when, std::uint64_t frames) {
    graph_.runner().at(kStart + when, [&, frames] {
      allowed = frames;
      pump.wake();
    });
  };
  allow_at(std::chrono::seconds(60), 3);
  allow_at(std::chrono::seconds(65), 4);
  EXPECT_TRUE(graph_.run());
  EXPECT_EQ(arrivals_.size(), 3U);
  EXPECT_EQ(told,
            (std::vector<std::pair<Kind, Duration>>{{Kind::kSilent, SourcePump::kSilenceLimit},
                                                    {Kind::kHeard, std::chrono::seconds(60)}}))
      << "5 s are no silence";
}

TEST_F(SourcePumpTest, PacesWhatItReadsAfterAReconnectToo) {
  graph_.supervise(1);
  ScriptedSource::Script script = six_frames_and_a_break();
  script.period = milliseconds(40);
  build({.script = script, .realtime = true});
  EXPECT_TRUE(graph_.run());
  ASSERT_EQ(arrivals_.size(), 6U);
  EXPECT_GE(arrivals_[3].at, std::chrono::seconds(1));
  EXPECT_EQ(arrivals_[5].at - arrivals_[3].at, milliseconds(80));
}

TEST_F(SourcePumpTest, WaitsForTheSupervisorWhenItCannotStart) {
  graph_.supervise(2);
  int starts = 0;
  ScriptedSource::Script script;
  script.count = 3;
  script.on_start = [&starts]() -> Status {
    if (++starts < 3) {
      return Error{Errc::kUnavailable, "no route"};
    }
    return {};
  };
  build({.script = script});
  EXPECT_TRUE(graph_.run());
  EXPECT_EQ(starts, 3);
  EXPECT_EQ(arrivals_.size(), 3U);
}

TEST_F(SourcePumpTest, EndsItsStreamWhenItIsGivenUp) {
  graph_.supervise(0);
  ScriptedSource::Script script;
  script.on_start = []() -> Status { return Error{Errc::kInvalidArgument, "no such file"}; };
  build({.script = script});
  EXPECT_TRUE(graph_.run());
  EXPECT_TRUE(graph_.all_finished());
}

TEST_F(SourcePumpTest, TurnsAnyExceptionIntoAFailure) {
  graph_.supervise(2);
  int calls = 0;
  ScriptedSource::Script script;
  script.count = 2;
  script.on_start = [&calls]() -> Status {
    if (calls++ == 0) {
      throw std::runtime_error("ouch");
    }
    return {};
  };
  script.on_frame = [&calls](std::uint64_t) -> std::optional<Error> {
    if (calls++ == 2) {
      throw 42;
    }
    return std::nullopt;
  };
  script.on_stop = [] { throw std::runtime_error("cannot stop"); };
  build({.script = script});
  EXPECT_TRUE(graph_.run());
  EXPECT_EQ(arrivals_.size(), 2U);
  EXPECT_EQ(graph_.events().count(Kind::kFailed), 2U);
}

TEST_F(SourcePumpTest, StopsAtAnOrderAndLetsWhatIsInTheGraphFinish) {
  SourcePump& pump = build({.script = {.count = 1000}, .window = 4, .realtime = true});
  graph_.runner().at(kStart + milliseconds(100), [&pump] { pump.order(Order::kStop); });
  EXPECT_TRUE(graph_.run());
  EXPECT_TRUE(graph_.all_finished());
  EXPECT_EQ(arrivals_.size(), 3U);  // At 0, 40 and 80 ms.
  EXPECT_EQ(testing::imbalance(graph_.books(0).totals()), "");
}

TEST_F(SourcePumpTest, StopsWhileItWaitsForARestart) {
  ScriptedSource::Script script;
  script.on_start = []() -> Status { return Error{Errc::kUnavailable, "no route"}; };
  SourcePump& pump = build({.script = script});
  graph_.runner().at(kStart + milliseconds(100), [&pump] { pump.order(Order::kStop); });
  EXPECT_TRUE(graph_.run());
  EXPECT_TRUE(graph_.all_finished());
}

TEST_F(SourcePumpTest, SetsTheDeadlineFromTheAdmission) {
  Duration left{0};
  const auto edge = graph_.edge(8);
  graph_.source({.script = {.count = 1}, .deadline = milliseconds(70), .outputs = {{edge}}});
  graph_.segment({.nodes = {processing([&left](Frame& frame, Emit&) -> Status {
                    left = frame.deadline() - frame.admitted_at();
                    return {};
                  })},
                  .inputs = {{edge}}});
  EXPECT_TRUE(graph_.run());
  EXPECT_EQ(left, milliseconds(70));
}

TEST_F(SourcePumpTest, SetsTheDeadlineOfEachFrameOfATurnThatTakesLong) {
  std::vector<Duration> left;
  const auto edge = graph_.edge(8);
  ScriptedSource::Script script{.count = 4};
  script.on_frame = [this](std::uint64_t /*frame*/) -> std::optional<Error> {
    graph_.clock().advance(milliseconds(30));  // To decode it, say.
    return std::nullopt;
  };
  graph_.source(
      {.script = script, .window = 4, .deadline = milliseconds(200), .outputs = {{edge}}});
  graph_.segment({.nodes = {processing([&left](Frame& frame, Emit&) -> Status {
                    left.push_back(frame.deadline() - frame.admitted_at());
                    return {};
                  })},
                  .inputs = {{edge}}});
  EXPECT_TRUE(graph_.run());
  EXPECT_EQ(left, std::vector<Duration>(4, milliseconds(200)));
}

TEST_F(SourcePumpTest, EndsATurnThatTakesLongBeforeItsShareIsUsed) {
  int read = 0;
  std::optional<int> read_in_a_turn;
  const auto edge = graph_.edge(64);
  ScriptedSource::Script script{.count = 64, .period = Duration(0)};
  script.on_frame = [&](std::uint64_t /*frame*/) -> std::optional<Error> {
    ++read;
    graph_.clock().advance(milliseconds(1));
    return std::nullopt;
  };
  graph_.source({.script = script, .window = 64, .outputs = {{edge}}});
  graph_.segment({.nodes = {processing([&](Frame&, Emit&) -> Status {
                    read_in_a_turn = read_in_a_turn.value_or(read);
                    return {};
                  })},
                  .inputs = {{edge}}});
  EXPECT_TRUE(graph_.run());
  EXPECT_EQ(read, 64);
  EXPECT_LE(read_in_a_turn, SourcePump::kFramesPerLook);
}

TEST_F(SourcePumpTest, FramesMayOutliveThePumpAndItsRunner) {
  keeps_ = true;
  build({.script = {.count = 2}, .window = 2});
  EXPECT_TRUE(graph_.run());
  const auto books = graph_.shared_books(0);
  graph_.destroy_runner();
  graph_.destroy_pump(0);
  for (Frame& frame : kept_) {
    EXPECT_EQ(frame.stream_name(), "stream 0");
    frame.end(Outcome::kDelivered);
  }
  EXPECT_EQ(testing::imbalance(books->totals()), "");
  EXPECT_EQ(books->totals().delivered, 2U);
}

TEST_F(SourcePumpTest, IsNotWokenByPlacesThatComeBackAfterItHasFinished) {
  keeps_ = true;
  SourcePump& pump = build({.script = {.count = 2, .live = true}, .window = 2});
  EXPECT_TRUE(graph_.run());
  ASSERT_TRUE(graph_.runner().is_finished(pump));
  graph_.destroy_runner();
  int rings = 0;
  pump.set_driver({[](void* context) { ++*static_cast<int*>(context); }, &rings});
  ASSERT_TRUE(pump.begin_turn());
  ASSERT_EQ(pump.end_turn(), Runnable::Next::kRest);
  kept_.front().end(Outcome::kDelivered);
  EXPECT_EQ(rings, 0);
}

}  // namespace
}  // namespace penstock
