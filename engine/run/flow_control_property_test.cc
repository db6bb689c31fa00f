// Random graphs in virtual time: whatever happens in them, places, buffers and credits come back,
// order holds, books balance, and nobody waits for ever.

#include <algorithm>
#include <map>
#include <memory>
#include <numeric>
#include <random>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "engine/memory/buffer_pool.h"
#include "engine/run/testing/virtual_graph.h"

namespace penstock {
namespace {

using testing::ScriptedNode;
using testing::ScriptedSource;
using testing::VirtualGraph;
using Order = Supervised::Order;

/// What one random world may do.
struct Traits {
  bool drops = false;     ///< Edges with drop policies, live sources.
  bool failures = false;  ///< Nodes fail frames, themselves, throw; sources fail.
  bool orders = false;    ///< Orders to stop and to give up at random times.
  bool keeps = false;     ///< Nodes hold frames back; the application keeps some at the sinks.
  bool routes = false;    ///< Nodes have two outputs and choose one for each frame, or both.
};

class World {
 public:
  World(std::uint64_t seed, Traits traits) : random_(seed), traits_(traits), graph_(seed) {
    pool_ = std::make_unique<BufferPool>(
        std::move(BufferPool::create({"world", 4096, 64, MemoryKind::kHost})).value());
    plan_stages();
    plan_sources();
    make_sources();
    make_segments();
    supervise();
  }

  bool run() { return graph_.run(); }

  /// Runs a random number of steps and tears down in random order, in the midst of it all.
  void run_a_while() {
    graph_.start();
    graph_.runner().run(pick(0, 600));
  }

  void tear_down() {
    std::vector<std::pair<int, std::size_t>> parts = {{0, 0}};
    add_parts(parts, 1, graph_.edge_count());
    add_parts(parts, 2, graph_.pump_count());
    add_parts(parts, 3, graph_.segment_count());
    for (std::size_t i = 0; i < kept_.size(); ++i) {
      parts.emplace_back(4, i);
    }
    std::shuffle(parts.begin(), parts.end(), random_);
    // The runner goes first: its contract is that the runnables outlive it.
    graph_.destroy_runner();
    for (const auto& [kind, index] : parts) {
      destroy(kind, index);
    }
  }

  void check_bounds() {
    for (std::size_t i = 0; i < graph_.edge_count(); ++i) {
      const auto stats = graph_.ring(i).stats();
      EXPECT_LE(stats.high_water, stats.capacity);
    }
    EXPECT_EQ(violations_, std::vector<std::string>());
  }

  /// After a run that came to rest.
  void check_finished() {
    EXPECT_TRUE(graph_.all_finished());
    check_bounds();
    kept_.clear();
    for (std::size_t i = 0; i < graph_.edge_count(); ++i) {
      EXPECT_TRUE(graph_.ring(i).is_empty());
    }
    for (std::size_t i = 0; i < graph_.pump_count(); ++i) {
      EXPECT_EQ(graph_.pump(i).in_flight(), 0U);
    }
    check_returned();
  }

  /// Once every frame is gone.
  void check_returned() {
    EXPECT_EQ(pool_->stats().in_use, 0U);
    for (std::size_t i = 0; i < streams_; ++i) {
      const auto totals = graph_.books(i).totals();
      EXPECT_EQ(testing::imbalance(totals), "") << "stream " << i;
    }
  }

  /// Where nothing is dropped and nothing fails: each input was told of each frame of its streams,
  /// by the frame itself or by a tombstone; once, but where branches meet again. So a join there
  /// never waits for its time-out.
  void check_all_told() {
    for (const auto& told : told_) {
      for (const VirtualGraph::In& in : told->inputs) {
        for (const StreamId stream : in.streams) {
          const auto& seqs = told->seqs[{in.port, stream}];
          EXPECT_EQ(seqs.size(), frames_[static_cast<std::size_t>(stream)])
              << told->name << ", input " << in.port << ", stream "
              << static_cast<std::uint32_t>(stream);
          const bool once = std::all_of(
              seqs.begin(), seqs.end(), [](const auto& one) { return one.second == 1; });
          EXPECT_TRUE(once || merged_) << told->name << ", input " << in.port;
        }
      }
    }
  }

  void check_all_delivered() {
    for (std::size_t i = 0; i < streams_; ++i) {
      const auto totals = graph_.books(i).totals();
      EXPECT_EQ(totals.delivered, frames_[i]) << "stream " << i;
      EXPECT_EQ(totals.refused, 0U);
    }
  }

 private:
  struct Stage {
    bool shared = true;
    std::vector<std::size_t> from;  // Earlier stages; empty means: the sources.
    bool is_sink = false;
    int nodes = 1;
    bool routes = false;
  };

  /// What the first node of a segment was told of, by input and stream: how often each frame.
  struct Told {
    std::string name;
    std::vector<VirtualGraph::In> inputs;
    std::map<std::pair<std::size_t, StreamId>, std::map<std::uint64_t, int>> seqs;
  };

  std::uint64_t pick(std::uint64_t low, std::uint64_t high) {
    return std::uniform_int_distribution<std::uint64_t>(low, high)(random_);
  }

  bool chance(double share) { return std::bernoulli_distribution(share)(random_); }

  Duration moment() { return std::chrono::milliseconds(pick(0, 1200)); }

  void plan_stages() {
    streams_ = pick(1, 6);
    const std::size_t count = pick(2, 8);
    stages_.resize(count);
    std::vector<bool> feeds(count, false);
    for (std::size_t i = 0; i < count; ++i) {
      Stage& stage = stages_[i];
      stage.nodes = static_cast<int>(pick(1, 3));
      stage.shared = chance(0.5);
      stage.routes = traits_.routes && chance(0.6);
      if (i > 0) {
        std::set<std::size_t> from = {pick(0, i - 1)};
        if (chance(0.25)) {
          from.insert(pick(0, i - 1));  // A merge of branches.
        }
        stage.from.assign(from.begin(), from.end());
      }
      for (const std::size_t from : stage.from) {
        feeds[from] = true;
      }
    }
    for (std::size_t i = 0; i < count; ++i) {
      stages_[i].is_sink = !feeds[i];
    }
  }

  std::size_t new_edge() {
    const auto capacity = static_cast<std::uint32_t>(chance(0.3) ? 1 : pick(1, 6));
    Overflow overflow = Overflow::kBlock;
    if (traits_.drops && chance(0.4)) {
      overflow = chance(0.5) ? Overflow::kDropOldest : Overflow::kDropNewest;
    }
    return graph_.edge(capacity, overflow);
  }

  std::vector<StreamId> all_streams() const {
    std::vector<StreamId> ids;
    for (std::uint32_t i = 0; i < streams_; ++i) {
      ids.push_back(StreamId{i});
    }
    return ids;
  }

  /// Segments are (stage, instance): one instance if shared, else one per stream. An edge goes from
  /// each instance of a stage to each instance of the next that has a stream in common with it.
  void plan_sources() {
    segments_.resize(stages_.size());
    source_outs_.resize(streams_);
    for (std::size_t s = 0; s < stages_.size(); ++s) {
      const std::size_t instances = stages_[s].shared ? 1 : streams_;
      segments_[s].resize(instances);
      for (std::size_t k = 0; k < instances; ++k) {
        for (const std::size_t from : stages_[s].from) {
          connect(from, s, k);
        }
        if (stages_[s].from.empty()) {
          for (std::uint32_t stream = 0; stream < streams_; ++stream) {
            if (stages_[s].shared || stream == k) {
              const std::size_t edge = new_edge();
              source_outs_[stream].push_back({edge});
              segments_[s][k].inputs.push_back({edge, 0, {StreamId{stream}}});
            }
          }
        }
      }
    }
  }

  void connect(std::size_t from, std::size_t to, std::size_t instance) {
    const bool one_to_one = !stages_[from].shared && !stages_[to].shared;
    for (std::size_t k = 0; k < segments_[from].size(); ++k) {
      if (one_to_one && k != instance) {
        continue;
      }
      const std::size_t edge = new_edge();
      VirtualGraph::Out out{edge, stages_[from].routes && chance(0.5) ? 1U : 0U};
      VirtualGraph::In in{edge, segments_[to][instance].inputs.size(), all_streams()};
      if (!stages_[to].shared) {
        out.only = StreamId{static_cast<std::uint32_t>(instance)};
        in.streams = {*out.only};
      } else if (!stages_[from].shared) {
        in.streams = {StreamId{static_cast<std::uint32_t>(k)}};
      }
      segments_[from][k].outputs.push_back(out);
      segments_[to][instance].inputs.push_back(in);
    }
  }

  /// A scripted source whose frames lease a buffer.
  class BufferedSource final : public Source {
   public:
    BufferedSource(std::unique_ptr<Source> inner, BufferPool* pool)
        : inner_(std::move(inner)),
          pool_(pool) {}

    Status start(const SourceContext& context, Doorbell doorbell) override {
      return inner_->start(context, doorbell);
    }

    Pull pull(SourceFrame& out) override {
      const Pull result = inner_->pull(out);
      if (result == Pull::kFrame) {
        out.image.emplace();
        out.image->buffer = std::move(*pool_->acquire(32));
      }
      return result;
    }

    [[nodiscard]] std::optional<TimePoint> not_before() const override {
      return inner_->not_before();
    }

    [[nodiscard]] Error failure() const override { return inner_->failure(); }

    void stop() override { inner_->stop(); }

    [[nodiscard]] bool is_live() const override { return inner_->is_live(); }

   private:
    std::unique_ptr<Source> inner_;
    BufferPool* pool_;
  };

  void make_sources() {
    for (std::uint32_t i = 0; i < streams_; ++i) {
      VirtualGraph::SourceSpec spec;
      ScriptedSource::Script script;
      script.count = pick(0, 60);
      script.period = std::chrono::milliseconds(pick(1, 40));
      script.live = traits_.drops && chance(0.5);
      if (traits_.failures && chance(0.3)) {
        script.on_frame = [this](std::uint64_t) -> std::optional<Error> {
          if (chance(0.03)) {
            return Error{Errc::kPeerGone, "camera gone"};
          }
          return std::nullopt;
        };
      }
      frames_.push_back(script.count);
      spec.stream = StreamId{i};
      spec.window = static_cast<std::uint32_t>(chance(0.3) ? 1 : pick(1, 8));
      windows_.push_back(spec.window);
      spec.realtime = !script.live && chance(0.3);
      spec.outputs = source_outs_[i];
      auto position = std::make_shared<ScriptedSource::Position>();
      spec.make = [this, script, position]() -> Result<std::unique_ptr<Source>> {
        return std::unique_ptr<Source>(std::make_unique<BufferedSource>(
            std::make_unique<ScriptedSource>(script, position), pool_.get()));
      };
      graph_.source(std::move(spec));
    }
  }

  void make_segments() {
    for (std::size_t s = 0; s < stages_.size(); ++s) {
      for (std::size_t k = 0; k < segments_[s].size(); ++k) {
        VirtualGraph::SegmentSpec spec = segments_[s][k];
        spec.ports = stages_[s].routes ? 2 : 1;
        for (int n = 0; n < stages_[s].nodes; ++n) {
          const bool last = n + 1 == stages_[s].nodes;
          spec.nodes.push_back(node(stages_[s].is_sink && last, stages_[s].routes && last));
        }
        if (traits_.routes) {
          told_.push_back(std::make_shared<Told>());
          told_.back()->name = "stage " + std::to_string(s) + ", instance " + std::to_string(k);
          told_.back()->inputs = spec.inputs;
          spec.nodes.front() = listening(std::move(spec.nodes.front()), told_.back());
        }
        graph_.segment(std::move(spec));
      }
    }
  }

  /// What one incarnation of a node keeps.
  struct Memory {
    std::vector<Frame> held;
    // The last number seen, per input port and stream.
    std::map<std::pair<std::size_t, StreamId>, std::uint64_t> last;
  };

  /// A node that writes down what its segment is told, and else does what `inner` does.
  class Listener final : public Node {
   public:
    Listener(std::unique_ptr<Node> inner, std::shared_ptr<Told> told)
        : inner_(std::move(inner)),
          told_(std::move(told)) {}

    Status process(Frame& frame, Emit& emit) override { return process_from(0, frame, emit); }

    Status process_from(std::size_t port, Frame& frame, Emit& emit) override {
      ++told_->seqs[{port, frame.stream()}][frame.seq()];
      return inner_->process_from(port, frame, emit);
    }

    Status note_from(std::size_t port, const ControlRecord& record, Emit& emit) override {
      if (const auto* gone = std::get_if<Tombstone>(&record); gone != nullptr) {
        for (std::uint64_t seq = gone->first_seq; seq <= gone->last_seq; ++seq) {
          ++told_->seqs[{port, gone->stream}][seq];
        }
      }
      return inner_->note_from(port, record, emit);
    }

    Status flush(StreamId stream, Emit& emit) override { return inner_->flush(stream, emit); }

   private:
    std::unique_ptr<Node> inner_;
    std::shared_ptr<Told> told_;
  };

  static NodeFactory listening(NodeFactory inner, std::shared_ptr<Told> told) {
    return [inner = std::move(inner), told]() -> Result<std::unique_ptr<Node>> {
      PENSTOCK_ASSIGN_OR_RETURN(auto made, inner());
      return std::unique_ptr<Node>(std::make_unique<Listener>(std::move(made), told));
    };
  }

  /// Sends a frame out of one of two outputs, or of both.
  void route(Frame frame, Emit& emit) {
    if (chance(0.2)) {
      emit.send(frame.share(), 0);
      emit.send(std::move(frame), 1);
    } else {
      emit.send(std::move(frame), chance(0.5) ? 1 : 0);
    }
  }

  NodeFactory node(bool sink, bool routes) {
    const bool holds = traits_.keeps && chance(0.3);
    const bool fails = traits_.failures && chance(0.4);
    const bool filters = traits_.drops && chance(0.2);
    // Order holds across incarnations, hence outside of the factory.
    auto order = std::make_shared<Memory>();
    return [this, sink, holds, fails, filters, routes, order]() -> Result<std::unique_ptr<Node>> {
      if (fails && chance(0.05)) {
        return Error{Errc::kUnavailable, "no memory for the node"};
      }
      auto memory = std::make_shared<Memory>();
      ScriptedNode::Script script;
      const Habits habits{sink, holds, fails, filters, routes};
      script.process = [this, habits, memory, order](std::size_t port, Frame& frame, Emit& emit) {
        Status status = process(port, frame, emit, habits, *memory, *order);
        if (habits.routes && status.has_value() && frame) {
          route(std::move(frame), emit);
        }
        return status;
      };
      script.flush = [this, habits, memory](StreamId stream, Emit& emit) {
        release(*memory, stream, habits, emit);
        return Status();
      };
      return std::unique_ptr<Node>(std::make_unique<ScriptedNode>(std::move(script)));
    };
  }

  /// The plan makes windows larger by what nodes hold; here nodes hold less than the window.
  /// Without that rule (`E055`) a stream whose places are all held waits for ever.
  bool may_hold(StreamId stream) {
    return holding_[stream] + 1 < windows_[static_cast<std::size_t>(stream)];
  }

  struct Habits {
    bool sink = false;
    bool holds = false;
    bool fails = false;
    bool filters = false;
    bool routes = false;
  };

  void pass_on(Frame frame, const Habits& habits, Emit& emit) {
    if (habits.routes) {
      route(std::move(frame), emit);
    } else {
      emit.send(std::move(frame));
    }
  }

  void release(Memory& memory, StreamId stream, const Habits& habits, Emit& emit) {
    for (Frame& frame : memory.held) {
      if (frame && frame.stream() == stream) {
        --holding_[stream];
        pass_on(std::move(frame), habits, emit);
      }
    }
    memory.held.erase(
        std::remove_if(
            memory.held.begin(), memory.held.end(), [](const Frame& frame) { return !frame; }),
        memory.held.end());
  }

  Status process(std::size_t port, Frame& frame, Emit& emit, const Habits& habits, Memory& memory) {
    static_cast<void>(port);
    const StreamId stream = frame.stream();
    if (graph_.pump(static_cast<std::size_t>(stream)).in_flight() >
        windows_[static_cast<std::size_t>(stream)]) {
      violations_.emplace_back("more frames in flight than the window has places");
    }
    if (habits.fails && chance(0.02)) {
      return Error{Errc::kCorrupt, "bad frame"};
    }
    if (habits.fails && chance(0.02)) {
      return Error{Errc::kInternal, "node broke"};
    }
    if (habits.fails && chance(0.02)) {
      const Frame mine = chance(0.5) ? std::move(frame) : Frame();
      throw std::runtime_error("node threw");
    }
    if (habits.filters && chance(0.1)) {
      emit.drop(std::move(frame), Reason::kFiltered);
      return {};
    }
    if (habits.holds && may_hold(stream) && chance(0.2)) {
      ++holding_[stream];
      memory.held.push_back(std::move(frame));
      return {};
    }
    if (habits.holds && chance(0.5)) {
      std::vector<Frame> ready = std::move(memory.held);
      memory.held.clear();
      for (Frame& one : ready) {
        --holding_[one.stream()];
        pass_on(std::move(one), habits, emit);
      }
    }
    if (habits.sink && traits_.keeps && may_hold(stream) && chance(0.02)) {
      ++holding_[stream];
      kept_.push_back(frame.share());  // The application keeps it beyond the run.
    }
    return {};
  }

  Status process(std::size_t port,
                 Frame& frame,
                 Emit& emit,
                 const Habits& habits,
                 Memory& memory,
                 Memory& order) {
    if (!traits_.keeps && !habits.fails) {
      const auto [seen, first] = order.last.try_emplace({port, frame.stream()}, frame.seq());
      if (!first && frame.seq() <= seen->second && !merged_) {
        violations_.push_back("frame " + std::to_string(frame.seq()) + " after " +
                              std::to_string(seen->second));
      }
      seen->second = frame.seq();
    }
    return process(port, frame, emit, habits, memory);
  }

  void supervise() {
    // Branches that meet again interleave: order is then a matter of each input.
    merged_ = std::any_of(
        stages_.begin(), stages_.end(), [](const Stage& stage) { return stage.from.size() > 1; });
    graph_.events().on_event = [this](const RunEvent& event) {
      if (event.kind != RunEvent::Kind::kFailed) {
        return;
      }
      auto* failed = static_cast<Supervised*>(event.runnable);
      const Order order = chance(0.8) ? Order::kRestart : Order::kGiveUp;
      graph_.runner().at(graph_.clock().now() + std::chrono::milliseconds(pick(0, 300)),
                         [failed, order] { failed->order(order); });
    };
    if (!traits_.orders) {
      return;
    }
    for (std::size_t i = 0; i < streams_; ++i) {
      if (chance(0.5)) {
        SourcePump* pump = &graph_.pump(i);
        graph_.runner().at(graph_.clock().now() + moment(), [pump] { pump->order(Order::kStop); });
      }
    }
    for (std::size_t i = 0; i < graph_.segment_count(); ++i) {
      if (chance(0.1)) {
        Segment* segment = &graph_.segment_at(i);
        graph_.runner().at(graph_.clock().now() + moment(),
                           [segment] { segment->order(Order::kGiveUp); });
      }
    }
  }

  static void add_parts(std::vector<std::pair<int, std::size_t>>& parts,
                        int kind,
                        std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      parts.emplace_back(kind, i);
    }
  }

  void destroy(int kind, std::size_t index) {
    switch (kind) {
      case 1:
        return graph_.destroy_edge(index);
      case 2:
        return graph_.destroy_pump(index);
      case 3:
        return graph_.destroy_segment(index);
      case 4:
        return kept_[index].end(Outcome::kDelivered);
      default:
        return;
    }
  }

  class KeptFrame {
   public:
    explicit KeptFrame(Frame frame) : frame_(std::move(frame)) {}

    KeptFrame(KeptFrame&&) noexcept = default;
    KeptFrame& operator=(KeptFrame&&) noexcept = default;

    ~KeptFrame() { frame_.end(Outcome::kDelivered); }

    void end(Outcome outcome) { frame_.end(outcome); }

   private:
    Frame frame_;
  };

  class KeptFrames : public std::vector<KeptFrame> {
   public:
    void push_back(Frame frame) { emplace_back(std::move(frame)); }
  };

  std::mt19937_64 random_;
  const Traits traits_;
  std::unique_ptr<BufferPool> pool_;
  std::size_t streams_ = 1;
  std::vector<Stage> stages_;
  std::vector<std::vector<VirtualGraph::SegmentSpec>> segments_;
  std::vector<std::vector<VirtualGraph::Out>> source_outs_;
  std::vector<std::uint64_t> frames_;
  std::vector<std::uint32_t> windows_;
  std::map<StreamId, std::uint32_t> holding_;
  std::vector<std::string> violations_;
  std::vector<std::shared_ptr<Told>> told_;
  bool merged_ = false;
  VirtualGraph graph_;
  KeptFrames kept_;
};

constexpr std::uint64_t kSeeds = 1000;

void run_to_the_end(Traits traits, bool all_delivered = false) {
  for (std::uint64_t seed = 1; seed <= kSeeds && !::testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    World world(seed, traits);
    ASSERT_TRUE(world.run()) << "did not come to rest";
    world.check_finished();
    if (all_delivered) {
      world.check_all_delivered();
    }
  }
}

TEST(FlowControl, DeliversEveryFrameOfLosslessStreamsWithoutFailures) {
  run_to_the_end({}, /*all_delivered=*/true);
}

TEST(FlowControl, DeliversEveryFrameAlthoughNodesHoldFramesForAWhile) {
  run_to_the_end({.keeps = true}, /*all_delivered=*/true);
}

TEST(FlowControl, TellsEveryInputOfEveryFrameAlthoughNodesSendThemOnDifferentWays) {
  for (const bool keeps : {false, true}) {
    for (std::uint64_t seed = 1; seed <= kSeeds && !::testing::Test::HasFailure(); ++seed) {
      SCOPED_TRACE("seed " + std::to_string(seed));
      World world(seed, {.keeps = keeps, .routes = true});
      ASSERT_TRUE(world.run()) << "did not come to rest";
      world.check_finished();
      world.check_all_delivered();
      world.check_all_told();
    }
  }
}

TEST(FlowControl, BalancesItsBooksWhenEdgesAndFiltersDrop) {
  run_to_the_end({.drops = true});
}

TEST(FlowControl, GivesAllBackWhenNodesAndSourcesFail) {
  run_to_the_end({.failures = true});
}

TEST(FlowControl, GivesAllBackWhateverHappensAtOnce) {
  run_to_the_end({.drops = true, .failures = true, .orders = true, .keeps = true, .routes = true});
}

TEST(FlowControl, GivesAllBackWhenTornDownAtAnyMomentInAnyOrder) {
  for (std::uint64_t seed = 1; seed <= kSeeds && !::testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    World world(seed,
                {.drops = true, .failures = true, .orders = true, .keeps = true, .routes = true});
    world.run_a_while();
    world.check_bounds();
    world.tear_down();
    world.check_returned();
  }
}

}  // namespace
}  // namespace penstock
