#include "engine/flow/join_table.h"

#include <memory>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "engine/base/clock.h"
#include "engine/frame/frame_pool.h"
#include "engine/frame/outcome.h"

namespace penstock {
namespace {

using std::chrono::milliseconds;

/// Feeds a table and writes what it decides as text: "7(2 0)" for frame 7 with pieces 2 and 0 or
/// "7(*)" with itself from the other input, "7!(...)" if it is incomplete, "x:filtered[2]" for two
/// frames that end, with "t3-5" if a tombstone goes out.
class JoinTableTest : public ::testing::Test {
 protected:
  JoinTableTest() { make({}); }

  ~JoinTableTest() override {
    const StreamLedger::Totals totals = books_->totals();
    EXPECT_EQ(totals.lost, 0U);
    EXPECT_EQ(totals.admitted, totals.delivered + totals.dropped);
  }

  void make(const JoinTable::Options& options) { table_ = std::make_unique<JoinTable>(options); }

  /// Returns a handle of frame `seq` with a root of its own: the table knows frames by their ids.
  Frame frame(std::uint64_t seq) { return pool_->make({}, seq, {}); }

  std::string base(std::uint64_t seq) {
    table_->add(0, frame(seq), clock_.now(), out_);
    return text();
  }

  std::string whole(std::uint64_t seq, std::size_t port = 1) {
    table_->add(port, frame(seq), clock_.now(), out_);
    return text();
  }

  std::string piece(std::uint64_t seq, std::uint16_t index, std::size_t port = 1) {
    Frame parent = frame(seq);
    Frame child = FramePool::make_child(parent, index);
    parent.end(Outcome::kDelivered);
    table_->add(port, std::move(child), clock_.now(), out_);
    return text();
  }

  std::string closing(std::uint64_t seq, std::uint32_t pieces, ChildPath child = {}) {
    table_->note(1, ClosingRecord{{StreamId{0}, seq, child}, pieces}, clock_.now(), out_);
    return text();
  }

  std::string gone(std::size_t port,
                   std::uint64_t first,
                   std::uint64_t last,
                   ChildPath child = {}) {
    const Tombstone record{StreamId{0}, first, last, child, Reason::kFiltered};
    table_->note(port, record, clock_.now(), out_);
    return text();
  }

  std::string expire_after(Duration by) {
    clock_.advance(by);
    table_->expire(clock_.now(), out_);
    return text();
  }

  std::string flush() {
    table_->flush(StreamId{0}, out_);
    return text();
  }

  static ChildPath path(std::uint16_t index) { return {{index}, 1}; }

  /// Ends all frames that the table gave out.
  std::string text() {
    std::string all;
    for (JoinTable::Decision& decision : out_) {
      all += (all.empty() ? "" : " ");
      if (auto* joined = std::get_if<JoinTable::Joined>(&decision); joined != nullptr) {
        all += text_of(*joined);
      } else {
        all += text_of(std::get<JoinTable::Unjoined>(decision));
      }
    }
    out_.clear();
    return all;
  }

  static std::string text_of(JoinTable::Joined& joined) {
    std::string parts;
    for (auto& frames : joined.parts) {
      for (Frame& one : frames) {
        const ChildPath child = one.id().child;
        parts += (parts.empty() ? "" : " ") +
                 (child.depth == 0 ? "*" : std::to_string(child.indexes[child.depth - 1U]));
        one.end(Outcome::kDelivered);
      }
    }
    const std::string seq = std::to_string(joined.base.seq());
    joined.base.end(Outcome::kDelivered);
    return seq + (joined.is_complete ? "(" : "!(") + parts + ")";
  }

  static std::string text_of(JoinTable::Unjoined& over) {
    for (Frame& one : over.frames) {
      one.end(Outcome::kDropped, over.reason);
    }
    std::string all =
        std::string("x:") + to_string(over.reason) + "[" + std::to_string(over.frames.size()) + "]";
    if (over.tombstone.has_value()) {
      all += "t" + std::to_string(over.tombstone->first_seq) + "-" +
             std::to_string(over.tombstone->last_seq);
    }
    return all;
  }

  ManualClock clock_;
  std::shared_ptr<StreamLedger> books_ = std::make_shared<StreamLedger>();
  Ref<FramePool> pool_ = FramePool::create({StreamId{0}, "s", &clock_, books_});
  std::unique_ptr<JoinTable> table_;
  JoinTable::Decisions out_;
};

TEST_F(JoinTableTest, JoinsAFrameWithItselfFromTheOtherInput) {
  EXPECT_EQ(base(0), "");
  EXPECT_EQ(whole(0), "0(*)");
  EXPECT_EQ(whole(1), "");
  EXPECT_EQ(base(1), "1(*)");
  EXPECT_EQ(table_->pending(StreamId{0}), 0U);
}

TEST_F(JoinTableTest, WaitsForAllInputs) {
  make({.ports = 3});
  base(0);
  EXPECT_EQ(whole(0, 2), "");
  EXPECT_EQ(whole(0, 1), "0(* *)");
}

TEST_F(JoinTableTest, TakesTheBaseFromTheInputThatIsNamed) {
  make({.ports = 2, .base = 1});
  EXPECT_EQ(piece(0, 0, 0), "");
  table_->note(0, ClosingRecord{{StreamId{0}, 0, {}}, 1}, clock_.now(), out_);
  EXPECT_EQ(whole(0, 1), "0(0)");
}

TEST_F(JoinTableTest, WaitsForAsManyPiecesAsTheClosingRecordSays) {
  base(0);
  piece(0, 0);
  EXPECT_EQ(piece(0, 1), "");
  EXPECT_EQ(closing(0, 3), "");
  EXPECT_EQ(piece(0, 2), "0(0 1 2)");
}

TEST_F(JoinTableTest, LetsAFrameWithoutPiecesGoAtOnce) {
  closing(0, 0);
  EXPECT_EQ(base(0), "0()");
}

TEST_F(JoinTableTest, OrdersPiecesByTheirIndex) {
  base(0);
  closing(0, 3);
  piece(0, 2);
  piece(0, 0);
  EXPECT_EQ(piece(0, 1), "0(0 1 2)");
}

TEST_F(JoinTableTest, DoesNotWaitForAPieceThatEnded) {
  base(0);
  piece(0, 0);
  closing(0, 2);
  EXPECT_EQ(gone(1, 0, 0, path(1)), "0(0)");
}

TEST_F(JoinTableTest, RemembersAPieceThatEndedBeforeItsFrameCame) {
  gone(1, 0, 0, path(0));
  closing(0, 1);
  EXPECT_EQ(base(0), "0()");
}

TEST_F(JoinTableTest, WaitsForThePiecesOfAPieceInItsPlace) {
  base(0);
  EXPECT_EQ(piece(0, 0), "");  // One of the two that piece 0 was cut into:
  EXPECT_EQ(closing(0, 2, path(0)), "");
  EXPECT_EQ(closing(0, 2), "");
  EXPECT_EQ(piece(0, 1), "");
  EXPECT_EQ(piece(0, 1), "0(0 1 1)");
}

TEST_F(JoinTableTest, DoesNotWaitForAFrameThatEndedOnItsWay) {
  base(0);
  EXPECT_EQ(gone(1, 0, 0), "0()");
}

TEST_F(JoinTableTest, RemembersRangesThatEndedBeforeTheirFramesCame) {
  gone(1, 0, 2);
  gone(1, 4, 5);
  EXPECT_EQ(base(0), "0()");
  EXPECT_EQ(base(2), "2()");
  EXPECT_EQ(base(3), "");
  EXPECT_EQ(base(5), "");
  EXPECT_EQ(whole(3), "3(*) 5()");
}

TEST_F(JoinTableTest, KeepsThePiecesOfAFrameWhoseOwnEndIsAnnounced) {
  base(0);
  closing(0, 1);
  EXPECT_EQ(gone(1, 0, 0), "");
  EXPECT_EQ(piece(0, 0), "0(0)");
}

TEST_F(JoinTableTest, GivesThePartsBackWhenTheBaseEnded) {
  piece(0, 0);
  piece(0, 1);
  whole(1);
  EXPECT_EQ(gone(0, 0, 1), "x:filtered[3]t0-1");
  EXPECT_EQ(table_->pending(StreamId{0}), 0U);
}

TEST_F(JoinTableTest, GivesPartsBackThatComeAfterTheEndOfTheirBase) {
  EXPECT_EQ(gone(0, 0, 3), "x:filtered[0]t0-3");
  EXPECT_EQ(piece(2, 0), "x:filtered[1]");
  EXPECT_EQ(closing(2, 1), "");
  EXPECT_EQ(gone(1, 3, 3, path(0)), "");
  EXPECT_EQ(table_->pending(StreamId{0}), 0U);
}

TEST_F(JoinTableTest, GoesOnWithTheNextFrameWhenTheBaseOfTheFirstEnded) {
  whole(0);
  base(1);
  EXPECT_EQ(whole(1), "");
  EXPECT_EQ(gone(0, 0, 0), "x:filtered[1]t0-0 1(*)");
}

TEST_F(JoinTableTest, KeepsTheOrderOfTheStream) {
  base(0);
  base(1);
  EXPECT_EQ(whole(1), "");
  EXPECT_EQ(whole(0), "0(*) 1(*)");
}

TEST_F(JoinTableTest, WaitsForEverWithoutATimeout) {
  base(0);
  EXPECT_EQ(table_->next_deadline(), std::nullopt);
  EXPECT_EQ(expire_after(std::chrono::hours(1000)), "");
  EXPECT_EQ(whole(0), "0(*)");
}

TEST_F(JoinTableTest, LetsAFrameGoWithoutWhatIsMissingWhenItsTimeHasPassed) {
  make({.timeout = milliseconds(200), .late = JoinTable::Late::kPartial});
  base(0);
  EXPECT_EQ(table_->next_deadline(), clock_.now() + milliseconds(200));
  piece(0, 4);
  EXPECT_EQ(expire_after(milliseconds(199)), "");
  EXPECT_EQ(expire_after(milliseconds(1)), "0!(4)");
  EXPECT_EQ(table_->next_deadline(), std::nullopt);
  EXPECT_EQ(table_->stats().timed_out, 1U);
}

TEST_F(JoinTableTest, DropsAnIncompleteSetWhereToldSo) {
  make({.timeout = milliseconds(200), .late = JoinTable::Late::kDrop});
  base(0);
  piece(0, 4);
  EXPECT_EQ(expire_after(milliseconds(200)), "x:timeout[2]t0-0");
}

TEST_F(JoinTableTest, DropsPartsWhoseBaseDidNotComeInTime) {
  make({.timeout = milliseconds(200), .late = JoinTable::Late::kPartial});
  piece(0, 0);
  EXPECT_EQ(expire_after(milliseconds(200)), "x:timeout[1]t0-0");
  EXPECT_EQ(base(0), "x:join_late[1]t0-0");
}

TEST_F(JoinTableTest, AnnouncesTheEndOfFramesThatItPassedOver) {
  make({.timeout = milliseconds(200)});
  whole(2);
  expire_after(milliseconds(200));
  EXPECT_EQ(base(0), "x:join_late[1]t0-0");
  EXPECT_EQ(gone(0, 1, 1), "x:filtered[0]t1-1");
}

TEST_F(JoinTableTest, NeverGivesUpALateFrameWhereToldToWait) {
  make({.timeout = milliseconds(200), .late = JoinTable::Late::kWait});
  base(0);
  EXPECT_EQ(table_->next_deadline(), std::nullopt);
  EXPECT_EQ(expire_after(milliseconds(1000)), "");
  EXPECT_EQ(whole(0), "0(*)");
}

TEST_F(JoinTableTest, EndsWhatComesAfterItsSetHasLeft) {
  make({.timeout = milliseconds(200)});
  base(0);
  expire_after(milliseconds(200));
  EXPECT_EQ(whole(0), "x:join_late[1]");
  EXPECT_EQ(closing(0, 3), "");
  EXPECT_EQ(gone(1, 0, 0), "");
  EXPECT_EQ(table_->pending(StreamId{0}), 0U);
  EXPECT_EQ(table_->stats().late, 1U);
}

TEST_F(JoinTableTest, TakesWhatComesInTimeWhileItsSetWaitsForItsTurn) {
  make({.timeout = milliseconds(200)});
  base(1);
  clock_.advance(milliseconds(100));
  base(0);
  EXPECT_EQ(expire_after(milliseconds(100)), "");  // 1 is due, but 0 has the first turn.
  EXPECT_EQ(whole(1), "");
  EXPECT_EQ(expire_after(milliseconds(100)), "0!() 1(*)");
}

TEST_F(JoinTableTest, LetsTheFirstFrameGoWhenTooManyWait) {
  make({.max_pending = 2});
  base(0);
  base(1);
  EXPECT_EQ(base(2), "0!()");
  EXPECT_EQ(table_->pending(StreamId{0}), 2U);
  EXPECT_EQ(table_->stats().crowded, 1U);
  flush();
}

TEST_F(JoinTableTest, DropsTheFirstFrameWhenTooManyWaitWhereToldSo) {
  make({.late = JoinTable::Late::kDrop, .max_pending = 1});
  base(0);
  EXPECT_EQ(base(1), "x:join_late[1]t0-0");
  EXPECT_EQ(flush(), "x:join_late[1]t1-1");
}

TEST_F(JoinTableTest, LetsAllGoAtTheEndOfTheStream) {
  base(0);
  base(1);
  whole(1);
  whole(2);
  EXPECT_EQ(flush(), "0!() 1(*) x:join_late[1]t2-2");
  EXPECT_EQ(flush(), "");
}

TEST_F(JoinTableTest, EndsASecondBaseOfOneFrame) {
  base(0);
  EXPECT_EQ(base(0), "x:join_late[1]");
  EXPECT_EQ(whole(0), "0(*)");
}

TEST_F(JoinTableTest, KeepsStreamsApart) {
  Ref<FramePool> other = FramePool::create({StreamId{1}, "t", &clock_, books_});
  base(0);
  table_->add(1, other->make({}, 0, {}), clock_.now(), out_);
  EXPECT_EQ(text(), "");
  EXPECT_EQ(table_->pending(StreamId{0}), 1U);
  EXPECT_EQ(table_->pending(StreamId{1}), 1U);
  EXPECT_EQ(whole(0), "0(*)");
  table_->flush(StreamId{1}, out_);
  EXPECT_EQ(text(), "x:join_late[1]t0-0");
}

}  // namespace
}  // namespace penstock
