#include "engine/nodes/app_ports.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "engine/nodes/testing/node_bench.h"
#include "engine/nodes/testing/pictures.h"
#include "engine/nodes/testing/type_options.h"
#include "engine/run/testing/virtual_graph.h"

namespace penstock {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using testing::NodeBench;
using testing::options_of;
using testing::rgb_picture;
using testing::VirtualGraph;
using Push = AppSource::Push;
using Pull = Source::Pull;
using State = AppSink::State;

constexpr Duration kAtOnce{0};

Image picture() {
  return rgb_picture(4, 2, {1, 2, 3});
}

/// Takes a frame that waits and gives it back at once; returns its number, nothing if none waits.
std::optional<std::uint64_t> take(AppSink& port, Duration timeout = kAtOnce) {
  auto taken = port.pop(timeout);
  if (!taken.second.has_value()) {
    return std::nullopt;
  }
  return (*taken.second)->seq();
}

/// Counts how often it is rung.
struct Bell {
  static void ring(void* context) { ++static_cast<Bell*>(context)->rings; }

  int rings = 0;
};

TEST(AppSource, GivesWhatWasPushedInOrder) {
  const auto port = std::make_shared<AppSource>();
  const auto source = AppSource::make_source(port, false);
  EXPECT_EQ(port->push(picture(), milliseconds(0)), Push::kPushed);
  EXPECT_EQ(port->push(picture(), milliseconds(40)), Push::kPushed);
  SourceFrame frame;
  ASSERT_EQ(source->pull(frame), Pull::kFrame);
  EXPECT_EQ(frame.time.pts, milliseconds(0));
  EXPECT_EQ(frame.image->width, 4);
  ASSERT_EQ(source->pull(frame), Pull::kFrame);
  EXPECT_EQ(frame.time.pts, milliseconds(40));
  EXPECT_EQ(source->pull(frame), Pull::kNothing);
}

TEST(AppSource, LeavesTheFrameWithTheCallerWhenFull) {
  const auto port = std::make_shared<AppSource>(1);
  EXPECT_EQ(port->push(picture(), kAtOnce), Push::kPushed);
  SourceFrame frame;
  frame.image = picture();
  EXPECT_EQ(port->push(frame), Push::kFull);
  EXPECT_TRUE(frame.image->buffer);
  EXPECT_EQ(port->waiting(), 1U);
}

TEST(AppSource, EndsTheStreamAfterTheLastFrameOnceClosed) {
  const auto port = std::make_shared<AppSource>();
  const auto source = AppSource::make_source(port, false);
  EXPECT_EQ(port->push(std::vector<FeatureMap>(1), kAtOnce), Push::kPushed);
  port->close();
  EXPECT_EQ(port->push(picture(), kAtOnce), Push::kClosed);
  SourceFrame frame;
  ASSERT_EQ(source->pull(frame), Pull::kFrame);
  EXPECT_EQ(frame.tensors.size(), 1U);
  EXPECT_FALSE(frame.image.has_value());
  EXPECT_EQ(source->pull(frame), Pull::kEnd);
}

TEST(AppSource, RingsForEachPushUntilItIsStopped) {
  Bell bell;
  const auto port = std::make_shared<AppSource>();
  const auto source = AppSource::make_source(port, true);
  EXPECT_TRUE(source->is_live());
  ASSERT_TRUE(source->start({}, Doorbell(&Bell::ring, &bell)).has_value());
  port->push(picture(), kAtOnce);
  EXPECT_EQ(bell.rings, 1);
  source->stop();
  port->push(picture(), milliseconds(1));
  port->close();
  EXPECT_EQ(bell.rings, 1);
}

TEST(AppSource, KeepsItsFramesThroughARestart) {
  Bell bell;
  const auto port = std::make_shared<AppSource>();
  auto first = AppSource::make_source(port, false);
  port->push(picture(), kAtOnce);
  const auto second = AppSource::make_source(port, false);
  ASSERT_TRUE(second->start({}, Doorbell(&Bell::ring, &bell)).has_value());
  first.reset();  // Destroyed late: must not take the new one's doorbell away.
  port->push(picture(), milliseconds(1));
  EXPECT_EQ(bell.rings, 1);
  SourceFrame frame;
  EXPECT_EQ(second->pull(frame), Pull::kFrame);
}

TEST(AppSink, GivesFramesToTheApplicationAndCountsThemAsDelivered) {
  NodeBench bench;
  const auto port = std::make_shared<AppSink>();
  const auto node = AppSink::make_node(port);
  ASSERT_TRUE(bench.open(*node).has_value());
  Frame frame = bench.frame(7);
  ASSERT_TRUE(node->process(frame, bench.emit).has_value());
  EXPECT_FALSE(frame);
  auto [state, taken] = port->pop(kAtOnce);
  EXPECT_EQ(state, State::kFrame);
  EXPECT_EQ((*taken)->seq(), 7U);
  EXPECT_EQ(port->pop(kAtOnce).first, State::kNone);
  ASSERT_TRUE(node->close().has_value());
  EXPECT_EQ(port->pop(hours(1000000)).first, State::kClosed);
}

TEST(AppSink, IsOpenBeforeTheGraphStartsAndUntilItsLastNodeIsGone) {
  NodeBench bench;
  const auto port = std::make_shared<AppSink>();
  EXPECT_EQ(port->pop(kAtOnce).first, State::kNone);
  const auto gate = AppSink::make_node(port);
  auto dock = AppSink::make_node(port);
  ASSERT_TRUE(bench.open(*gate).has_value());
  ASSERT_TRUE(bench.open(*dock).has_value());
  ASSERT_TRUE(gate->close().has_value());
  EXPECT_EQ(port->pop(kAtOnce).first, State::kNone);
  dock.reset();  // Without having been closed: its graph was torn down.
  EXPECT_EQ(port->pop(kAtOnce).first, State::kClosed);
}

TEST(AppSink, WakesWhoWaitsForAFrame) {
  NodeBench bench;
  const auto port = std::make_shared<AppSink>();
  const auto node = AppSink::make_node(port);
  ASSERT_TRUE(bench.open(*node).has_value());
  std::optional<std::uint64_t> seq;
  State last = State::kNone;
  std::thread application([&] {
    seq = take(*port, hours(1));
    last = port->pop(hours(1)).first;
  });
  Frame frame = bench.frame(3);
  EXPECT_TRUE(node->process(frame, bench.emit).has_value());
  EXPECT_TRUE(node->close().has_value());
  application.join();
  EXPECT_EQ(seq, 3U);
  EXPECT_EQ(last, State::kClosed);
}

/// An application in the same process as its graph.
class AppPortsTest : public ::testing::Test {
 protected:
  void build() {
    register_app_nodes(catalogue_, ports_);
    const auto edge = graph_->edge(2);
    graph_->source({.window = 2, .outputs = {{edge}}, .make = [this] {
                      SourceArgs args;
                      args.name = "cam";
                      args.stream = "gate";
                      args.options = &source_options_;
                      return (*catalogue_.find_source("app_source"))(args);
                    }});
    graph_->segment({.nodes = {[this] {
                       NodeArgs args;
                       args.name = "out";
                       return (*catalogue_.find_node("app_sink"))(args);
                     }},
                     .inputs = {{edge}}});
  }

  std::uint64_t delivered() {
    EXPECT_EQ(testing::imbalance(graph_->books(0).totals()), "");
    return graph_->books(0).totals().delivered;
  }

  std::unique_ptr<VirtualGraph> graph_ = std::make_unique<VirtualGraph>();
  AppPorts ports_;
  NodeCatalogue catalogue_;
  const OptionValues source_options_ = options_of(app_source_type());
};

TEST_F(AppPortsTest, CarryFramesThroughAGraphWhoseWindowBoundsWhatTheApplicationHolds) {
  const auto in = ports_.add_source("cam");
  const auto out = ports_.add_sink("out");
  build();
  for (int i = 0; i < 4; ++i) {
    in->push(picture(), milliseconds(40) * i);
  }
  in->close();
  graph_->run();
  EXPECT_EQ(out->waiting(), 2U);  // The window; the other two wait at the entrance.
  for (std::uint64_t seq = 0; seq < 4; ++seq) {
    EXPECT_EQ(take(*out), seq);
    graph_->run();
  }
  EXPECT_EQ(out->pop(kAtOnce).first, State::kClosed);
  EXPECT_EQ(delivered(), 4U);
}

TEST_F(AppPortsTest, CallTheApplicationBack) {
  std::vector<std::uint64_t> seen;
  const auto in = ports_.add_source("cam");
  ports_.add_sink("out", [&](const Frame& frame) { seen.push_back(frame.seq()); });
  build();
  in->push(picture(), kAtOnce);
  in->push(picture(), milliseconds(40));
  in->close();
  EXPECT_TRUE(graph_->run());
  EXPECT_EQ(seen, (std::vector<std::uint64_t>{0, 1}));
  EXPECT_EQ(delivered(), 2U);
}

TEST_F(AppPortsTest, EndFramesThatNobodyTookAsCancelled) {
  const auto in = ports_.add_source("cam");
  ports_.add_sink("out");
  build();
  in->push(picture(), kAtOnce);
  in->close();
  graph_->run();
  graph_->destroy_runner();
  graph_->destroy_segment(0);
  ports_ = AppPorts();
  catalogue_ = NodeCatalogue();
  EXPECT_EQ(graph_->books(0).totals().cancelled, 1U);
  EXPECT_EQ(graph_->books(0).totals().lost, 0U);
}

TEST_F(AppPortsTest, PreferThePortOfTheStream) {
  const auto any = ports_.add_source("cam");
  const auto gate = ports_.add_source("cam", "gate");
  EXPECT_EQ(ports_.source("cam", "gate"), gate);
  EXPECT_EQ(ports_.source("cam", "dock"), any);
  EXPECT_EQ(ports_.source("other", "gate"), nullptr);
}

TEST_F(AppPortsTest, NameTheActorThatHasNone) {
  register_app_nodes(catalogue_, ports_);
  NodeArgs args;
  args.name = "out";
  const auto node = (*catalogue_.find_node("app_sink"))(args);
  ASSERT_FALSE(node.has_value());
  EXPECT_EQ(node.error().code, Errc::kNotFound);
  EXPECT_EQ(node.error().message,
            "actor 'out': the application has no port of that name; it must call "
            "AppPorts::add_sink before the graph starts");
}

TEST_F(AppPortsTest, LeaveTheApplicationFramesThatOutliveTheGraphAndItsClock) {
  const auto in = ports_.add_source("cam");
  const auto out = ports_.add_sink("out");
  build();
  in->push(picture(), kAtOnce);
  in->push(picture(), milliseconds(40));
  in->close();
  graph_->run();
  auto [state, kept] = out->pop(kAtOnce);
  ASSERT_EQ(state, State::kFrame);
  const auto books = graph_->shared_books(0);
  graph_.reset();
  EXPECT_EQ((*kept)->image().width, 4);
  EXPECT_EQ((*kept)->image().plane(0)[2], 3);
  EXPECT_EQ(take(*out), 1U);  // One that nobody had taken while the graph ran.
  kept.reset();
  EXPECT_EQ(books->totals().delivered, 2U);
  EXPECT_EQ(testing::imbalance(books->totals()), "");
}

}  // namespace
}  // namespace penstock
