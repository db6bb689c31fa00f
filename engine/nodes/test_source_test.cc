#include "engine/nodes/test_source.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "engine/nodes/testing/type_options.h"
#include "engine/run/testing/virtual_graph.h"

namespace penstock {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::options_of;
using testing::processing;
using testing::VirtualGraph;

class TestSourceTest : public ::testing::Test {
 protected:
  void start(const std::string& yaml, std::uint64_t attempt = 0) {
    const OptionValues options = options_of(test_source_type(), yaml);
    SourceArgs args;
    args.name = "cam";
    args.options = &options;
    args.attempt = attempt;
    auto made = TestSource::make(args);
    ASSERT_TRUE(made.has_value()) << made.error().message;
    source_ = std::move(made).value();
    SourceContext context;
    context.clock = &clock_;
    context.max_frames = 4;
    ASSERT_TRUE(source_->start(context, Doorbell()).has_value());
  }

  Source::Pull pull() {
    frame_ = SourceFrame();
    return source_->pull(frame_);
  }

  ManualClock clock_{TimePoint(seconds(1000))};
  std::unique_ptr<Source> source_;
  SourceFrame frame_;
};

using Pull = Source::Pull;

TEST_F(TestSourceTest, GivesPicturesWithTheirTruth) {
  start("{size: [160, 120], fps: 10, frames: 2, shapes: 3}");
  ASSERT_EQ(pull(), Pull::kFrame);
  EXPECT_EQ(frame_.time.pts, Duration(0));
  EXPECT_EQ(frame_.image->width, 160);
  EXPECT_EQ(frame_.image->height, 120);
  EXPECT_EQ(frame_.image->format, PixelFormat::kI420);
  ASSERT_EQ(frame_.objects->size(), 3U);
  EXPECT_EQ(frame_.labels->name_of(frame_.objects->at(1).label), "ellipse");
  ASSERT_EQ(pull(), Pull::kFrame);
  EXPECT_EQ(frame_.time.pts, milliseconds(100));
  EXPECT_EQ(pull(), Pull::kEnd);
  EXPECT_EQ(source_->progress(), 1.0);
}

TEST_F(TestSourceTest, EndsAtOnceWithoutFrames) {
  start("{frames: 0}");
  EXPECT_EQ(pull(), Pull::kEnd);
}

TEST_F(TestSourceTest, IsPacedByTheClockWhenLive) {
  start("{live: true, fps: 10}");
  EXPECT_TRUE(source_->is_live());
  ASSERT_EQ(pull(), Pull::kFrame);
  ASSERT_EQ(pull(), Pull::kNothing);
  EXPECT_EQ(source_->not_before(), clock_.now() + milliseconds(100));
  clock_.advance(milliseconds(100));
  ASSERT_EQ(pull(), Pull::kFrame);
  EXPECT_EQ(frame_.time.pts, milliseconds(100));
}

TEST_F(TestSourceTest, LeavesOutFramesThatNobodyTookInTimeWhenLive) {
  start("{live: true, fps: 10}");
  ASSERT_EQ(pull(), Pull::kFrame);
  EXPECT_EQ(frame_.skipped, 0U);
  clock_.advance(milliseconds(350));
  ASSERT_EQ(pull(), Pull::kFrame);
  EXPECT_EQ(frame_.time.pts, milliseconds(300));
  EXPECT_EQ(frame_.skipped, 2U) << "those at 100 and 200 ms";
  clock_.advance(milliseconds(100));
  ASSERT_EQ(pull(), Pull::kFrame);
  EXPECT_EQ(frame_.skipped, 0U);
}

TEST_F(TestSourceTest, AccountsForEachFrameOfALiveStream) {
  start("{live: true, fps: 10, frames: 20}");
  std::uint64_t frames = 0;
  while (pull() != Pull::kEnd) {
    frames += source_->not_before().has_value() && *source_->not_before() > clock_.now()
                  ? 0
                  : 1 + frame_.skipped;
    clock_.advance(milliseconds(730));
  }
  EXPECT_EQ(frames, 20U);
}

TEST_F(TestSourceTest, FailsBeforeTheFrameItWasTold) {
  start("{fail_at: 1}");
  ASSERT_EQ(pull(), Pull::kFrame);
  ASSERT_EQ(pull(), Pull::kFailed);
  EXPECT_EQ(source_->failure().code, Errc::kUnavailable);  // Worth a reconnect.
  EXPECT_EQ(source_->failure().message, "test_source fails before frame 1, as told");
}

TEST_F(TestSourceTest, StallsBeforeTheFrameItWasTold) {
  start("{stall_at: 1}");
  ASSERT_EQ(pull(), Pull::kFrame);
  ASSERT_EQ(pull(), Pull::kNothing);
  EXPECT_EQ(source_->not_before(), std::nullopt);
  clock_.advance(seconds(3600));
  EXPECT_EQ(pull(), Pull::kNothing);
}

TEST_F(TestSourceTest, GoesOnAfterEachFaultOnce) {
  const std::string yaml = "{fail_at: 5, stall_at: 2, frames: 6, shapes: 1, seed: 9}";
  const MovingShapes scene({640, 480, 1, 9});
  start(yaml, 1);
  ASSERT_EQ(pull(), Pull::kFrame);
  EXPECT_EQ(frame_.time.pts, Duration(0));  // From the reconnect on.
  EXPECT_EQ(frame_.objects->at(0).box, scene.objects(2).at(0).box);
  ASSERT_EQ(pull(), Pull::kFrame);
  ASSERT_EQ(pull(), Pull::kFrame);
  ASSERT_EQ(pull(), Pull::kFailed);
  start(yaml, 2);
  ASSERT_EQ(pull(), Pull::kFrame);
  EXPECT_EQ(frame_.objects->at(0).box, scene.objects(5).at(0).box);
  EXPECT_EQ(pull(), Pull::kEnd);
}

TEST_F(TestSourceTest, WaitsWhenAllItsPicturesAreHeld) {
  start("{size: [16, 16], fps: 10}");
  std::vector<SourceFrame> held;
  while (pull() == Pull::kFrame) {
    held.push_back(std::move(frame_));
    ASSERT_LT(held.size(), 100U);
  }
  EXPECT_EQ(source_->not_before(), clock_.now() + milliseconds(100));
  held.pop_back();
  EXPECT_EQ(pull(), Pull::kFrame);
}

TEST(TestSourceType, WantsRoomForItsShapes) {
  const ActorType type = test_source_type();
  const auto size = std::find_if(type.options().begin(), type.options().end(), [](const Option& o) {
    return o.name() == "size";
  });
  ASSERT_NE(size, type.options().end());
  EXPECT_EQ(size->least(), MovingShapes::kMinSide) << "what the checker refuses the node cannot do";
  EXPECT_EQ(size->most(), 16384);
}

TEST(TestSourceType, IsLiveByItsOption) {
  EXPECT_TRUE(test_source_type().is_live(options_of(test_source_type(), "{live: true}")));
  EXPECT_FALSE(test_source_type().is_live(options_of(test_source_type())));
}

TEST(TestSourceRun, DeliversEveryFrameOfAGraphThatRestartsIt) {
  VirtualGraph graph;
  const auto edge = graph.edge(2);
  const OptionValues options =
      options_of(test_source_type(), "{size: [64, 64], frames: 20, fail_at: 8}");
  SourceArgs args;
  args.name = "cam";
  args.options = &options;
  graph.source({.window = 3, .outputs = {{edge}}, .make = [&args] {
                  auto made = TestSource::make(args);
                  ++args.attempt;
                  return made;
                }});
  std::vector<Duration> times;
  graph.segment({.nodes = {processing([&](Frame& frame, Emit&) -> Status {
                   EXPECT_TRUE(frame.payloads().has(Payload::kImage));
                   EXPECT_EQ(frame.objects().items.size(), 4U);
                   times.push_back(frame.time().pts);
                   return {};
                 })},
                 .inputs = {{edge}}});
  graph.events().on_event = [&](const RunEvent& event) {
    if (event.kind == RunEvent::Kind::kFailed) {
      graph.pump(0).order(Supervised::Order::kRestart);
    }
  };
  EXPECT_TRUE(graph.run());
  EXPECT_EQ(times.size(), 20U);
  EXPECT_TRUE(std::is_sorted(times.begin(), times.end()));
  EXPECT_EQ(testing::imbalance(graph.books(0).totals()), "");
  EXPECT_EQ(graph.books(0).totals().delivered, 20U);
}

}  // namespace
}  // namespace penstock
