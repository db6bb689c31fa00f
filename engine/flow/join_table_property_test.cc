#include <algorithm>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "engine/base/clock.h"
#include "engine/flow/join_table.h"
#include "engine/frame/frame_pool.h"
#include "engine/frame/outcome.h"
#include "engine/telemetry/stream_ledger.h"

namespace penstock {
namespace {

using std::chrono::milliseconds;

constexpr StreamId kStream{0};
constexpr std::uint64_t kFrames = 60;

/// One run: frames fan out over several ways, some end on them, and what is left reaches the join
/// with arbitrary delays between the inputs.
class Journey {
 public:
  Journey(std::uint64_t seed, const JoinTable::Options& options)
      : random_(seed),
        options_(options),
        table_(options),
        waiting_(options.ports),
        expected_(kFrames) {
    for (std::uint64_t seq = 0; seq < kFrames; ++seq) {
      plan(seq);
    }
  }

  void play() {
    for (auto port = pick_port(); port.has_value(); port = pick_port()) {
      auto event = std::move(waiting_[*port].front());
      waiting_[*port].pop_front();
      event();
      if (one_in(3)) {
        clock_.advance(milliseconds(number(0, 20)));
        table_.expire(clock_.now(), out_);
        const auto due = table_.next_deadline();
        EXPECT_TRUE(!due.has_value() || *due > clock_.now());
      }
      judge();
      EXPECT_LE(table_.pending(kStream), options_.max_pending);
    }
    table_.flush(kStream, out_);
    judge();
    EXPECT_EQ(table_.pending(kStream), 0U);
  }

  /// What must hold of every run, whatever was lost on the ways.
  void check_books() const {
    EXPECT_EQ(handles_out_, handles_in_);
    const StreamLedger::Totals totals = books_->totals();
    EXPECT_EQ(totals.admitted, kFrames);
    EXPECT_EQ(totals.delivered + totals.dropped, kFrames);
    EXPECT_EQ(totals.lost, 0U);
    EXPECT_EQ(joined_.size() + told_.size(), kFrames);  // Each is passed on or announced as over.
  }

  /// What holds as well where the join waits for everything.
  void check_nothing_given_up() const {
    EXPECT_EQ(table_.stats().partial + table_.stats().dropped + table_.stats().late, 0U);
    const auto has_base = [](const Expected& one) { return one.has_base; };
    EXPECT_EQ(joined_.size(), std::count_if(expected_.begin(), expected_.end(), has_base));
  }

  [[nodiscard]] const JoinTable::Stats& stats() const { return table_.stats(); }

 private:
  struct Expected {
    bool has_base = true;
    std::vector<std::size_t> parts;  // Frames that come, by input.
  };

  std::uint64_t number(std::uint64_t low, std::uint64_t high) {
    return std::uniform_int_distribution<std::uint64_t>(low, high)(random_);
  }

  bool one_in(std::uint64_t n) { return number(1, n) == 1; }

  std::optional<std::size_t> pick_port() {
    std::vector<std::size_t> ready;
    for (std::size_t port = 0; port < waiting_.size(); ++port) {
      if (!waiting_[port].empty()) {
        ready.push_back(port);
      }
    }
    if (ready.empty()) {
      return std::nullopt;
    }
    return ready[number(0, ready.size() - 1)];
  }

  void plan(std::uint64_t seq) {
    // Frames are made here and handles handed out: as a source and its fan-outs do.
    Frame root = pool_->make({}, seq, {});
    expected_[seq].parts.resize(options_.ports);
    for (std::size_t port = 0; port < options_.ports; ++port) {
      if (one_in(6)) {
        expected_[seq].has_base = expected_[seq].has_base && port != options_.base;
        plan_record(port, Tombstone{kStream, seq, seq, {}, Reason::kFiltered});
      } else if (port == options_.base || one_in(3)) {
        expected_[seq].parts[port] = port == options_.base ? 0 : 1;
        plan_frame(port, root.share());
      } else {
        plan_pieces(port, root);
      }
    }
    root.end(Outcome::kDelivered);
  }

  void plan_pieces(std::size_t port, const Frame& root) {
    const std::uint64_t seq = root.seq();
    const auto pieces = static_cast<std::uint16_t>(number(0, 4));
    const std::size_t first = waiting_[port].size();
    for (std::uint16_t i = 0; i < pieces; ++i) {
      if (one_in(4)) {
        plan_record(port, Tombstone{kStream, seq, seq, {{i}, 1}, Reason::kDeadline});
      } else {
        ++expected_[seq].parts[port];
        plan_frame(port, FramePool::make_child(root, i));
      }
    }
    plan_record(port, ClosingRecord{root.id(), pieces});
    // Pieces may come in any order, and the record before them: they can go different ways too.
    std::shuffle(
        waiting_[port].begin() + static_cast<std::ptrdiff_t>(first), waiting_[port].end(), random_);
  }

  void plan_frame(std::size_t port, Frame frame) {
    ++handles_in_;
    auto held = std::make_shared<Frame>(std::move(frame));
    waiting_[port].push_back(
        [this, port, held] { table_.add(port, std::move(*held), clock_.now(), out_); });
  }

  void plan_record(std::size_t port, const ControlRecord& record) {
    waiting_[port].push_back(
        [this, port, record] { table_.note(port, record, clock_.now(), out_); });
  }

  void judge() {
    for (JoinTable::Decision& decision : out_) {
      if (auto* joined = std::get_if<JoinTable::Joined>(&decision); joined != nullptr) {
        judge_joined(*joined);
      } else {
        judge_unjoined(std::get<JoinTable::Unjoined>(decision));
      }
    }
    out_.clear();
  }

  void judge_joined(JoinTable::Joined& joined) {
    const std::uint64_t seq = joined.base.seq();
    EXPECT_TRUE(joined_.empty() || *joined_.rbegin() < seq) << "the order of the stream";
    EXPECT_TRUE(joined_.insert(seq).second);
    for (std::size_t port = 0; port < options_.ports; ++port) {
      auto& parts = joined.parts[port];
      if (joined.is_complete) {
        EXPECT_EQ(parts.size(), expected_[seq].parts[port]) << "frame " << seq << " port " << port;
      }
      for (std::size_t i = 0; i < parts.size(); ++i) {
        EXPECT_EQ(parts[i].seq(), seq);
        EXPECT_TRUE(i == 0 || parts[i - 1].id().child.indexes[0] < parts[i].id().child.indexes[0]);
      }
      end_all(parts, Outcome::kDelivered, Reason::kNone);
    }
    ++handles_out_;
    joined.base.end(Outcome::kDelivered);
  }

  void judge_unjoined(JoinTable::Unjoined& over) {
    if (over.tombstone.has_value()) {
      for (auto seq = over.tombstone->first_seq; seq <= over.tombstone->last_seq; ++seq) {
        EXPECT_EQ(joined_.count(seq), 0U);
        told_.insert(seq);
      }
    }
    end_all(over.frames, Outcome::kDropped, over.reason);
  }

  void end_all(std::vector<Frame>& frames, Outcome outcome, Reason reason) {
    handles_out_ += frames.size();
    for (Frame& frame : frames) {
      frame.end(outcome, reason);
    }
  }

  std::mt19937_64 random_;
  const JoinTable::Options options_;
  ManualClock clock_;
  std::shared_ptr<StreamLedger> books_ = std::make_shared<StreamLedger>();
  Ref<FramePool> pool_ = FramePool::create({kStream, "s", &clock_, books_});
  JoinTable table_;
  std::vector<std::deque<std::function<void()>>> waiting_;
  std::vector<Expected> expected_;
  JoinTable::Decisions out_;
  std::set<std::uint64_t> joined_;
  std::set<std::uint64_t> told_;
  std::size_t handles_in_ = 0;
  std::size_t handles_out_ = 0;
};

TEST(JoinTableProperty, JoinsEveryFrameThatHasABaseWhenItWaitsForAll) {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    SCOPED_TRACE(seed);
    Journey run(seed, {.ports = 2 + seed % 3, .base = seed % 2, .max_pending = kFrames});
    run.play();
    run.check_books();
    run.check_nothing_given_up();
  }
}

TEST(JoinTableProperty, LosesNothingWhateverItGivesUp) {
  std::uint64_t timed_out = 0;
  std::uint64_t crowded = 0;
  std::uint64_t late = 0;
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    SCOPED_TRACE(seed);
    const auto policy = static_cast<JoinTable::Late>(seed % 3);
    Journey run(seed,
                {.ports = 2 + seed % 4,
                 .base = 0,
                 .timeout = milliseconds(10 + seed % 50),
                 .late = policy,
                 .max_pending = 1 + seed % 12});
    run.play();
    run.check_books();
    timed_out += run.stats().timed_out;
    crowded += run.stats().crowded;
    late += run.stats().late;
  }
  // The runs have seen what they are about.
  EXPECT_GT(timed_out, 1000U);
  EXPECT_GT(crowded, 1000U);
  EXPECT_GT(late, 1000U);
}

}  // namespace
}  // namespace penstock
