#include "engine/run/station_intake.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "engine/frame/frame_pool.h"

namespace penstock {
namespace {

using Share = StationIntake::Share;

class StationIntakeTest : public ::testing::Test {
 protected:
  static constexpr std::uint32_t kStreams = 3;

  void SetUp() override {
    for (std::uint32_t s = 0; s < kStreams; ++s) {
      pools_.push_back(FramePool::create({StreamId{s}, "s", &clock_, books_}));
      next_seq_.push_back(0);
    }
  }

  /// Adds an edge that brings `streams`.
  void add_input(std::vector<StreamId> streams) {
    auto edge = EdgeRing::create({"in", 16, Overflow::kBlock});
    ASSERT_TRUE(edge.has_value());
    edges_.push_back(std::move(edge).value());
    inputs_.push_back({edges_.back().get(), std::move(streams)});
  }

  void make(const std::vector<Share>& shares) { intake_.emplace(inputs_, shares); }

  void push(std::size_t input, std::uint32_t stream, std::size_t count = 1) {
    for (std::size_t i = 0; i < count; ++i) {
      Frame frame = pools_[stream]->make({}, next_seq_[stream]++, {});
      EXPECT_EQ(edges_[input]->push(frame), EdgeRing::PushResult::kPushed);
    }
  }

  /// Takes all there is: the stream of each frame, "e" and its stream for an end.
  std::string take() {
    std::string text;
    while (auto item = intake_->next()) {
      if (auto* frame = std::get_if<Frame>(&*item); frame != nullptr) {
        text += std::to_string(static_cast<std::uint32_t>(frame->stream()));
        frame->end(Outcome::kDelivered);
      } else {
        const auto& end = std::get<EndOfStream>(std::get<ControlRecord>(*item));
        text += "e" + std::to_string(static_cast<std::uint32_t>(end.stream));
      }
    }
    return text;
  }

  ManualClock clock_;
  std::shared_ptr<StreamLedger> books_ = std::make_shared<StreamLedger>();
  std::vector<Ref<FramePool>> pools_;
  std::vector<std::uint64_t> next_seq_;
  std::vector<std::unique_ptr<EdgeRing>> edges_;
  std::vector<StationIntake::Input> inputs_;
  std::optional<StationIntake> intake_;
};

TEST_F(StationIntakeTest, TakesByRankThenByWeight) {
  add_input({StreamId{0}});
  add_input({StreamId{1}});
  add_input({StreamId{2}});
  make({{.weight = 1}, {.weight = 2}, {.rank = 1}});
  push(0, 0, 4);
  push(1, 1, 4);
  push(2, 2, 2);
  EXPECT_EQ(take(), "2201101100");
}

TEST_F(StationIntakeTest, LeavesFramesOfAStreamThatHoldsItsShare) {
  add_input({StreamId{0}});
  add_input({StreamId{1}});
  make({{.frames = 2}, {.frames = 1}});
  push(0, 0, 3);
  push(1, 1, 2);
  EXPECT_EQ(take(), "010");
  intake_->release(StreamId{0});
  EXPECT_EQ(take(), "0");
  intake_->release(StreamId{1});
  EXPECT_EQ(take(), "1");
}

TEST_F(StationIntakeTest, CountsTheStreamsOfOneInputTogether) {
  add_input({StreamId{0}, StreamId{1}});
  add_input({StreamId{2}});
  make({{.frames = 1, .rank = 1}, {.frames = 2}, {}});
  push(0, 1, 4);
  push(1, 2);
  EXPECT_EQ(take(), "1112");
}

TEST_F(StationIntakeTest, GivesTheEndOfAStreamOnceItHasComeOnAllItsWays) {
  add_input({StreamId{0}, StreamId{1}});
  add_input({StreamId{0}});
  make({});
  edges_[0]->push_control(EndOfStream{StreamId{0}});
  push(0, 1);
  EXPECT_EQ(take(), "1");
  EXPECT_FALSE(intake_->is_over());
  edges_[1]->push_control(EndOfStream{StreamId{0}});
  edges_[0]->push_control(EndOfStream{StreamId{1}});
  EXPECT_EQ(take(), "e0e1");
  EXPECT_TRUE(intake_->is_over());
}

}  // namespace
}  // namespace penstock
