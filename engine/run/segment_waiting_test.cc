#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "engine/run/segment.h"
#include "engine/run/testing/virtual_graph.h"

namespace penstock {
namespace {

using std::chrono::milliseconds;
using testing::processing;
using testing::VirtualGraph;

/// What a test sees of a `WaitingNode`.
struct Seen {
  std::vector<std::pair<std::size_t, std::uint64_t>> records;  // Input and seq of tombstones.
  std::vector<TimePoint> woken;
  std::vector<std::uint64_t> at_sink;
  std::vector<std::uint64_t> told_sink;
};

/// Keeps every frame for 30 ms; keeps the records that reach it and announces them as seq + 100.
class WaitingNode final : public Node {
 public:
  explicit WaitingNode(Seen* seen) : seen_(seen) {}

  Status process(Frame& frame, Emit& emit) override {
    due_ = due_.value_or(emit.now() + milliseconds(30));
    waiting_.push_back(std::move(frame));
    return {};
  }

  Status note_from(std::size_t port, const ControlRecord& record, Emit& emit) override {
    if (const auto* gone = std::get_if<Tombstone>(&record); gone != nullptr) {
      seen_->records.emplace_back(port, gone->first_seq);
      emit.announce({gone->stream, gone->first_seq + 100, gone->last_seq + 100, {}, gone->reason});
    }
    return {};
  }

  [[nodiscard]] bool keeps_records() const override { return true; }

  [[nodiscard]] std::optional<TimePoint> wake_at() const override { return due_; }

  Status on_time(Emit& emit) override {
    seen_->woken.push_back(emit.now());
    return flush({}, emit);
  }

  Status flush(StreamId /*stream*/, Emit& emit) override {
    due_.reset();
    for (Frame& frame : std::exchange(waiting_, {})) {
      emit.send(std::move(frame));
    }
    return {};
  }

 private:
  Seen* seen_;
  std::optional<TimePoint> due_;
  std::vector<Frame> waiting_;
};

/// source -> both inputs of the node under test, the second one by way of a node that drops odd
/// frames -> sink.
class SegmentWaitingTest : public ::testing::Test {
 protected:
  void build(std::uint64_t frames, std::optional<Duration> deadline = {}) {
    const auto direct = graph_.edge(4);
    const auto to_filter = graph_.edge(4);
    const auto filtered = graph_.edge(4);
    const auto out = graph_.edge(4);
    graph_.source({.script = {.count = frames, .period = milliseconds(40), .live = true},
                   .window = 8,
                   .deadline = deadline,
                   .outputs = {{direct}, {to_filter}}});
    graph_.segment({.nodes = {processing([](Frame& frame, Emit& emit) -> Status {
                      if (frame.seq() % 2 == 1) {
                        emit.drop(std::move(frame), Reason::kFiltered);
                      }
                      return {};
                    })},
                    .inputs = {{to_filter}},
                    .outputs = {{filtered}}});
    graph_.segment({.nodes = {[this]() -> Result<std::unique_ptr<Node>> {
                      return std::unique_ptr<Node>(std::make_unique<WaitingNode>(&seen_));
                    }},
                    .inputs = {{direct, 0}, {filtered, 1}},
                    .outputs = {{out}}});
    graph_.segment({.nodes = {testing::scripted(
                        {.process = [this](std::size_t, Frame& frame, Emit&) -> Status {
                           seen_.at_sink.push_back(frame.seq());
                           return {};
                         },
                         .note = [this](const ControlRecord& record, Emit&) -> Status {
                           if (const auto* gone = std::get_if<Tombstone>(&record)) {
                             seen_.told_sink.push_back(gone->first_seq);
                           }
                           return {};
                         }})},
                    .inputs = {{out}}});
  }

  Seen seen_;
  VirtualGraph graph_;
};

TEST_F(SegmentWaitingTest, CallsANodeAtTheTimeThatItWaitsFor) {
  build(2);
  const TimePoint begin = graph_.clock().now();
  ASSERT_TRUE(graph_.run_until(milliseconds(35)));
  EXPECT_EQ(seen_.woken, std::vector<TimePoint>({begin + milliseconds(30)}));
  EXPECT_EQ(seen_.at_sink, std::vector<std::uint64_t>({0, 0}));
  ASSERT_TRUE(graph_.run());
  EXPECT_TRUE(graph_.all_finished());
  EXPECT_EQ(testing::imbalance(graph_.books(0).totals()), "");
}

TEST_F(SegmentWaitingTest, SaysFromWhichInputARecordCame) {
  build(4);
  ASSERT_TRUE(graph_.run());
  EXPECT_EQ(seen_.records, (std::vector<std::pair<std::size_t, std::uint64_t>>{{1, 1}, {1, 3}}));
}

TEST_F(SegmentWaitingTest, PassesOnWhatANodeAnnouncesInsteadOfTheRecordsThatItKeeps) {
  build(4);
  ASSERT_TRUE(graph_.run());
  EXPECT_EQ(seen_.told_sink, std::vector<std::uint64_t>({101, 103}));
}

TEST_F(SegmentWaitingTest, TellsTheNodeOfFramesThatWereTooOldToEnter) {
  build(1, /*deadline=*/milliseconds(-1));
  ASSERT_TRUE(graph_.run());
  EXPECT_TRUE(seen_.at_sink.empty());
  EXPECT_EQ(seen_.records, (std::vector<std::pair<std::size_t, std::uint64_t>>{{0, 0}, {1, 0}}));
}

}  // namespace
}  // namespace penstock
