#include "engine/run/supervisor.h"

#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace penstock {
namespace {

using Kind = RunEvent::Kind;
using Level = Supervisor::Note::Level;
using Order = Supervised::Order;
using Then = RestartRule::Then;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// A member that does nothing: the supervisor only names it.
class Silent final : public Supervised {
 public:
  explicit Silent(std::string name) : Supervised(std::move(name)) {}

  Step step(TimePoint /*now*/) override { return Step::kIdle; }
};

constexpr std::size_t kCamA = 0;
constexpr std::size_t kCamB = 1;
constexpr std::size_t kDetect = 2;  // Serves both streams.
constexpr std::size_t kSinkA = 3;
constexpr std::size_t kSinkB = 4;

/// Two streams, a and b, through one shared node into a sink each.
class SupervisorTest : public ::testing::Test {
 protected:
  SupervisorTest() { make({}); }

  void make(const RestartRule& rule) {
    const StreamId a{0};
    const StreamId b{1};
    members_.clear();
    const auto add = [&](const char* name, bool is_source, std::vector<StreamId> streams) {
      members_.push_back(std::make_unique<Silent>(name));
      return Supervisor::Member{members_.back().get(), name, is_source, std::move(streams), rule};
    };
    std::vector<Supervisor::Member> members;
    members.push_back(add("cam[a]", true, {a}));
    members.push_back(add("cam[b]", true, {b}));
    members.push_back(add("detect", false, {a, b}));
    members.push_back(add("sink[a]", false, {a}));
    members.push_back(add("sink[b]", false, {b}));
    supervisor_ = std::make_unique<Supervisor>(
        std::move(members), Supervisor::Limits{.drain = seconds(10), .give_up = seconds(5)});
  }

  void at(Duration when) { now_ = TimePoint(seconds(1000)) + when; }

  void after(Duration while_) { now_ += while_; }

  void event(Kind kind, std::size_t member, Errc code = Errc::kInternal) {
    supervisor_->on_event(
        {kind, members_[member].get(), members_[member]->name(), "", {code, "broke"}}, now_);
  }

  void fail(std::size_t member, Errc code = Errc::kInternal) { event(Kind::kFailed, member, code); }

  void open(std::size_t member) { event(Kind::kOpened, member); }

  /// "restart cam[a], stop cam[b]": the orders since the last call.
  std::string orders() {
    std::string text;
    for (const Supervisor::Order& order : supervisor_->take_orders()) {
      const char* word = order.order == Order::kRestart  ? "restart "
                         : order.order == Order::kGiveUp ? "give up "
                                                         : "stop ";
      text += (text.empty() ? "" : ", ") + std::string(word) + order.runnable->name();
    }
    return text;
  }

  /// Moves to the time that the supervisor waits for; returns how long that was.
  Duration advance() {
    const auto when = supervisor_->wake_at();
    if (!when.has_value()) {
      return Duration(-1);
    }
    const Duration waited = *when - now_;
    now_ = *when;
    supervisor_->on_time(now_);
    return waited;
  }

  std::string notes() {
    std::string text;
    for (const Supervisor::Note& note : supervisor_->take_notes()) {
      text += note.text + "\n";
    }
    return text;
  }

  std::vector<std::unique_ptr<Silent>> members_;
  std::unique_ptr<Supervisor> supervisor_;
  TimePoint now_{seconds(1000)};
};

TEST_F(SupervisorTest, WantsNothingOfARunWithoutTrouble) {
  for (std::size_t i = 0; i < members_.size(); ++i) {
    open(i);
  }
  EXPECT_EQ(supervisor_->wake_at(), std::nullopt);
  for (std::size_t i = 0; i < members_.size(); ++i) {
    EXPECT_FALSE(supervisor_->is_finished());
    event(Kind::kFinished, i);
  }
  EXPECT_TRUE(supervisor_->is_finished());
  EXPECT_FALSE(supervisor_->has_failed());
  EXPECT_EQ(orders(), "");
  EXPECT_EQ(notes(), "");
}

TEST_F(SupervisorTest, CountsAMemberThatFinishesTwiceOnce) {
  event(Kind::kFinished, kCamA);
  event(Kind::kFinished, kCamA);
  EXPECT_EQ(supervisor_->unfinished(),
            (std::vector<std::string>{"cam[b]", "detect", "sink[a]", "sink[b]"}));
}

TEST_F(SupervisorTest, TellsAFailedFrameAndOrdersNothing) {
  event(Kind::kFrameFailed, kDetect);
  EXPECT_EQ(notes(), "node 'detect': broke\n");
  EXPECT_EQ(orders(), "");
  EXPECT_EQ(supervisor_->wake_at(), std::nullopt);
}

TEST_F(SupervisorTest, RestartsAFailedMemberAfterTheBackoff) {
  fail(kDetect);
  EXPECT_EQ(notes(), "node 'detect': broke; tried again in 0.2 s\n");
  EXPECT_EQ(orders(), "");
  after(milliseconds(199));
  supervisor_->on_time(now_);
  EXPECT_EQ(orders(), "");
  after(milliseconds(1));
  supervisor_->on_time(now_);
  EXPECT_EQ(orders(), "restart detect");
  supervisor_->on_time(now_);
  EXPECT_EQ(orders(), "");
  open(kDetect);
  EXPECT_EQ(notes(), "node 'detect' works again\n");
  EXPECT_FALSE(supervisor_->has_failed());
}

TEST_F(SupervisorTest, DoublesTheBackoffUpToItsLimit) {
  make({.forever = true});
  std::vector<std::int64_t> waits;
  for (int i = 0; i < 40; ++i) {
    fail(kCamA);
    waits.push_back(std::chrono::duration_cast<milliseconds>(advance()).count());
  }
  EXPECT_EQ((std::vector<std::int64_t>(waits.begin(), waits.begin() + 8)),
            (std::vector<std::int64_t>{200, 400, 800, 1600, 3200, 6400, 10000, 10000}));
  EXPECT_EQ(waits.back(), 10000);
}

TEST_F(SupervisorTest, BoundsTheBackoffWhateverItStartsFrom) {
  make({.backoff_first = std::chrono::hours(10),
        .backoff_limit = std::chrono::hours(20),
        .forever = true});
  for (int i = 0; i < 30; ++i) {
    fail(kCamA);
    EXPECT_EQ(advance(), i == 0 ? std::chrono::hours(10) : std::chrono::hours(20)) << i;
  }
}

TEST_F(SupervisorTest, StartsFromTheFirstBackoffAfterAQuietWindow) {
  fail(kDetect);
  advance();
  fail(kDetect);
  EXPECT_EQ(advance(), milliseconds(400));
  open(kDetect);
  after(seconds(60));
  fail(kDetect);
  EXPECT_EQ(advance(), milliseconds(200));
}

TEST_F(SupervisorTest, KeepsTheBackoffGrowingWhileItOpensAndFailsAtOnce) {
  fail(kDetect);
  advance();
  open(kDetect);
  after(seconds(1));
  fail(kDetect);
  EXPECT_EQ(advance(), milliseconds(400));
}

TEST_F(SupervisorTest, GivesAMemberUpAtOneFailureMoreThanItsRestarts) {
  for (int i = 0; i < 3; ++i) {
    fail(kSinkA);
    advance();
    EXPECT_EQ(orders(), "restart sink[a]") << i;
  }
  notes();
  fail(kSinkA);
  EXPECT_EQ(orders(), "give up sink[a], stop cam[a]");
  EXPECT_EQ(notes(), "node 'sink[a]': broke; its stream is stopped\n");
  EXPECT_TRUE(supervisor_->has_failed());
  EXPECT_EQ(supervisor_->wake_at(), std::nullopt);
}

TEST_F(SupervisorTest, ForgetsFailuresThatAreOlderThanTheWindow) {
  for (int i = 0; i < 20; ++i) {
    fail(kSinkA);
    advance();
    EXPECT_EQ(orders(), "restart sink[a]") << i;
    open(kSinkA);
    after(seconds(21));  // At most three in any 60 s.
  }
  EXPECT_FALSE(supervisor_->has_failed());
}

TEST_F(SupervisorTest, RestartsNothingWithNoRestarts) {
  make({.max = 0});
  fail(kSinkB);
  EXPECT_EQ(orders(), "give up sink[b], stop cam[b]");
}

TEST_F(SupervisorTest, RetriesByTheMeaningOfTheCode) {
  const std::vector<std::pair<Errc, bool>> cases = {
      {Errc::kInvalidArgument, false},
      {Errc::kUnsupported, false},
      {Errc::kNotFound, false},
      {Errc::kCorrupt, false},
      {Errc::kUnavailable, true},
      {Errc::kDeadlineExceeded, true},
      {Errc::kCancelled, true},
      {Errc::kDeviceLost, true},
      {Errc::kPeerGone, true},
      {Errc::kInternal, true},
  };
  for (const bool forever : {false, true}) {
    for (const auto& [code, retries] : cases) {
      make({.forever = forever});
      fail(kCamA, code);
      EXPECT_EQ(supervisor_->wake_at().has_value(), retries) << to_string(code);
      EXPECT_EQ(supervisor_->has_failed(), !retries) << to_string(code);
      EXPECT_EQ(orders(), retries ? "" : "give up cam[a], stop cam[a]") << to_string(code);
    }
  }
}

TEST_F(SupervisorTest, StopsAllStreamsOfASharedMember) {
  make({.max = 0});
  fail(kDetect);
  EXPECT_EQ(orders(), "give up detect, stop cam[a], stop cam[b]");
  EXPECT_EQ(notes(), "node 'detect': broke; its streams are stopped\n");
}

TEST_F(SupervisorTest, StopsTheGraphWhereTheWordsSaySo) {
  make({.max = 0, .then = Then::kStopGraph});
  fail(kSinkA);
  EXPECT_EQ(orders(), "give up sink[a], stop cam[a], stop cam[b]");
  EXPECT_TRUE(supervisor_->is_stopping());
  EXPECT_TRUE(supervisor_->has_failed());
}

TEST_F(SupervisorTest, ReconnectsForEver) {
  make({.forever = true});
  for (int i = 0; i < 1000; ++i) {
    fail(kCamA);
    advance();
    EXPECT_EQ(orders(), "restart cam[a]");
  }
  EXPECT_FALSE(supervisor_->has_failed());
}

TEST_F(SupervisorTest, SaysOnceThatASourceStaysAwayAndOnceThatItIsBack) {
  make({.forever = true});
  for (int i = 0; i < 5; ++i) {
    fail(kCamA);
    advance();
  }
  EXPECT_EQ(notes(), "node 'cam[a]': broke; tried again in 0.2 s\n");
  open(kCamA);
  EXPECT_EQ(notes(), "node 'cam[a]' works again\n");
  // It goes again, soon: a change of state, so it is said.
  after(seconds(1));
  fail(kCamA);
  EXPECT_EQ(notes(), "node 'cam[a]': broke; tried again in 6.4 s\n");
  advance();
  fail(kCamA);
  EXPECT_EQ(notes(), "");
}

TEST_F(SupervisorTest, StopsSourcesOnly) {
  supervisor_->stop(now_);
  EXPECT_EQ(orders(), "stop cam[a], stop cam[b]");
  EXPECT_TRUE(supervisor_->is_stopping());
  supervisor_->stop(now_);
  EXPECT_EQ(orders(), "");
}

TEST_F(SupervisorTest, DoesNotStopASourceThatHasFinished) {
  event(Kind::kFinished, kCamA);
  supervisor_->stop(now_);
  EXPECT_EQ(orders(), "stop cam[b]");
}

TEST_F(SupervisorTest, GivesUpOnStopWhatWaitsForItsRestart) {
  fail(kDetect);
  fail(kCamB);
  supervisor_->stop(now_);
  EXPECT_EQ(orders(), "stop cam[a], stop cam[b], give up detect");
  EXPECT_TRUE(supervisor_->has_failed());
  advance();
  EXPECT_EQ(orders().find("restart"), std::string::npos);
}

TEST_F(SupervisorTest, DoesNotRestartWhatFailsWhileTheRunEnds) {
  supervisor_->stop(now_);
  orders();
  notes();
  fail(kSinkA);
  EXPECT_EQ(orders(), "give up sink[a]");
  EXPECT_EQ(notes(), "node 'sink[a]': broke; the run is ending, it is not restarted\n");
  fail(kSinkA);
  EXPECT_EQ(orders(), "");
}

TEST_F(SupervisorTest, CountsASinkThatFailsWhileTheRunEndsAsAFailure) {
  supervisor_->stop(now_);
  fail(kSinkA);
  EXPECT_TRUE(supervisor_->has_failed());
}

TEST_F(SupervisorTest, CountsASourceThatFailsWhileItStopsForNothing) {
  // It was told to read no more: that its camera goes too is no loss.
  supervisor_->stop(now_);
  fail(kCamA);
  EXPECT_FALSE(supervisor_->has_failed());
}

TEST_F(SupervisorTest, GivesUpWhatHasNotFinishedByTheDrainLimit) {
  supervisor_->stop(now_);
  orders();
  event(Kind::kFinished, kCamA);
  event(Kind::kFinished, kCamB);
  event(Kind::kFinished, kSinkA);
  EXPECT_EQ(advance(), seconds(10));
  EXPECT_EQ(orders(), "give up detect, give up sink[b]");
  EXPECT_EQ(notes(), "not finished 10 s after the stop, given up: 'detect', 'sink[b]'\n");
  EXPECT_EQ(supervisor_->cut_off(), (std::vector<std::string>{"detect", "sink[b]"}));
  EXPECT_TRUE(supervisor_->has_failed());
  EXPECT_FALSE(supervisor_->is_finished());
  event(Kind::kFinished, kDetect);
  event(Kind::kFinished, kSinkB);
  EXPECT_EQ(supervisor_->wake_at(), std::nullopt);
  EXPECT_TRUE(supervisor_->is_finished());
}

TEST_F(SupervisorTest, FinishesWithoutWhatHangsBeyondTheGiveUpLimit) {
  supervisor_->stop(now_);
  for (const std::size_t who : {kCamA, kCamB, kSinkA}) {
    event(Kind::kFinished, who);
  }
  ASSERT_TRUE(members_[kDetect]->begin_turn());  // The sink behind it waits in vain.
  EXPECT_EQ(advance(), seconds(10));
  notes();
  EXPECT_EQ(advance(), seconds(5));
  EXPECT_EQ(notes(), "hangs in a call that does not return, left there: 'detect'\n");
  EXPECT_TRUE(supervisor_->is_finished());
  EXPECT_TRUE(supervisor_->has_failed());
  EXPECT_EQ(supervisor_->wake_at(), std::nullopt);
  event(Kind::kFinished, kDetect);  // It returned after all.
  EXPECT_TRUE(supervisor_->is_finished());
}

TEST_F(SupervisorTest, NamesAllThatIsLeftWhereNobodyIsAtWork) {
  supervisor_->stop(now_);
  for (const std::size_t who : {kCamA, kCamB, kSinkA}) {
    event(Kind::kFinished, who);
  }
  advance();
  notes();
  advance();
  EXPECT_EQ(notes(),
            "not finished 5 s after they were given up, left there: 'detect', 'sink[b]'\n");
  EXPECT_TRUE(supervisor_->is_finished());
}

TEST_F(SupervisorTest, ForgetsTheDrainLimitOnceAllHasFinished) {
  supervisor_->stop(now_);
  for (std::size_t i = 0; i < members_.size(); ++i) {
    event(Kind::kFinished, i);
  }
  EXPECT_EQ(supervisor_->wake_at(), std::nullopt);
  after(seconds(11));
  supervisor_->on_time(now_);
  EXPECT_FALSE(supervisor_->has_failed());
}

TEST_F(SupervisorTest, GivesASourceUpOnlyOnceWhenItsStreamIsStoppedAlready) {
  make({.max = 0});
  fail(kSinkA);
  orders();
  notes();
  fail(kCamA);
  EXPECT_EQ(orders(), "");
  EXPECT_EQ(notes(), "");
}

TEST_F(SupervisorTest, RestartsNoSourceOfAStreamThatWasStopped) {
  make({.max = 1});
  fail(kCamA);  // Waits for its restart when the sink is given up.
  fail(kSinkA);
  now_ = *supervisor_->wake_at();
  supervisor_->on_time(now_);
  orders();
  fail(kSinkA);
  EXPECT_EQ(orders(), "give up sink[a], stop cam[a]");
  EXPECT_EQ(supervisor_->wake_at(), std::nullopt);
}

TEST_F(SupervisorTest, OverlooksEventsOfStrangers) {
  Silent stranger("stranger");
  supervisor_->on_event({Kind::kFailed, &stranger, "stranger", "", {}}, now_);
  EXPECT_EQ(orders(), "");
}

TEST_F(SupervisorTest, AlwaysHasAnAnswerForAFailure) {
  // Whatever happens: a member that failed is restarted, given up, or finished, and no member is
  // restarted that was given up.
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    std::mt19937_64 random(seed);
    const auto pick = [&](std::uint64_t high) { return random() % (high + 1); };
    make({.max = static_cast<std::uint32_t>(pick(3)),
          .within = seconds(1 + pick(60)),
          .then = pick(1) == 0 ? Then::kStopStream : Then::kStopGraph,
          .forever = pick(3) == 0});
    std::vector<bool> down(members_.size(), false);
    std::vector<bool> given_up(members_.size(), false);
    for (int step = 0; step < 300; ++step) {
      const std::size_t who = pick(members_.size() - 1);
      if (pick(100) == 0) {
        supervisor_->stop(now_);
      } else if (!down[who] && pick(3) == 0) {
        down[who] = true;
        fail(who, pick(20) == 0 ? Errc::kNotFound : Errc::kInternal);
      } else {
        after(milliseconds(pick(3000)));
        supervisor_->on_time(now_);
      }
      for (const auto& order : supervisor_->take_orders()) {
        for (std::size_t i = 0; i < members_.size(); ++i) {
          if (members_[i].get() != order.runnable) {
            continue;
          }
          EXPECT_FALSE(order.order == Order::kRestart && given_up[i]) << seed;
          EXPECT_FALSE(order.order == Order::kRestart && !down[i]) << seed;
          given_up[i] = given_up[i] || order.order != Order::kRestart;
          // What is given up, or a source that is stopped, does not come back by itself.
          down[i] = order.order != Order::kRestart;
        }
      }
    }
    after(std::chrono::hours(1));
    supervisor_->on_time(now_);
    for (const auto& order : supervisor_->take_orders()) {
      for (std::size_t i = 0; i < members_.size(); ++i) {
        if (members_[i].get() == order.runnable) {
          down[i] = false;
        }
      }
    }
    for (std::size_t i = 0; i < members_.size(); ++i) {
      EXPECT_TRUE(!down[i] || given_up[i]) << "seed " << seed << ", " << members_[i]->name();
    }
  }
}

}  // namespace
}  // namespace penstock
