#include "engine/run/testing/random_world.h"

#include <algorithm>
#include <optional>
#include <set>

#include <gtest/gtest.h>

#include "engine/run/testing/scripted.h"

namespace penstock::testing {
namespace {

using Order = Supervised::Order;

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

}  // namespace

RandomWorld::RandomWorld(std::uint64_t seed, WorldTraits traits)
    : dice_(seed),
      traits_(traits),
      graph_(seed) {
  pool_ = std::make_unique<BufferPool>(
      std::move(BufferPool::create({"world", 4096, 64, MemoryKind::kHost})).value());
  plan_stages();
  plan_edges();
  make_sources();
  make_segments();
  answer_failures();
  if (traits_.orders) {
    give_orders();
  }
}

void RandomWorld::run_a_while() {
  graph_.start();
  graph_.runner().run(dice_.pick(0, 600));
}

void RandomWorld::tear_down() {
  std::vector<std::pair<Part, std::size_t>> parts = {{Part::kRunner, 0}};
  const auto add = [&](Part part, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      parts.emplace_back(part, i);
    }
  };
  add(Part::kEdge, graph_.edge_count());
  add(Part::kPump, graph_.pump_count());
  add(Part::kSegment, graph_.segment_count());
  add(Part::kKeptFrame, nodes_->kept().size());
  std::shuffle(parts.begin(), parts.end(), dice_.engine());
  // The runner goes first: its contract is that the runnables outlive it.
  graph_.destroy_runner();
  for (const auto& [part, index] : parts) {
    destroy(part, index);
  }
}

void RandomWorld::destroy(Part part, std::size_t index) {
  switch (part) {
    case Part::kRunner:
      return;
    case Part::kEdge:
      return graph_.destroy_edge(index);
    case Part::kPump:
      return graph_.destroy_pump(index);
    case Part::kSegment:
      return graph_.destroy_segment(index);
    case Part::kKeptFrame:
      return nodes_->kept()[index].release();
  }
}

void RandomWorld::check_bounds() {
  for (std::size_t i = 0; i < graph_.edge_count(); ++i) {
    const auto stats = graph_.ring(i).stats();
    EXPECT_LE(stats.high_water, stats.capacity);
  }
  EXPECT_EQ(nodes_->violations(), std::vector<std::string>());
}

void RandomWorld::check_finished() {
  EXPECT_TRUE(graph_.all_finished());
  check_bounds();
  nodes_->kept().clear();
  for (std::size_t i = 0; i < graph_.edge_count(); ++i) {
    EXPECT_TRUE(graph_.ring(i).is_empty());
  }
  for (std::size_t i = 0; i < graph_.pump_count(); ++i) {
    EXPECT_EQ(graph_.pump(i).in_flight(), 0U);
  }
  check_returned();
}

void RandomWorld::check_returned() {
  EXPECT_EQ(pool_->stats().in_use, 0U);
  for (std::size_t i = 0; i < streams_; ++i) {
    const auto totals = graph_.books(i).totals();
    EXPECT_EQ(imbalance(totals), "") << "stream " << i;
  }
}

void RandomWorld::check_all_told() {
  for (const auto& told : told_) {
    for (const VirtualGraph::In& in : told->inputs) {
      for (const StreamId stream : in.streams) {
        const auto& seqs = told->seqs[{in.port, stream}];
        EXPECT_EQ(seqs.size(), frames_[static_cast<std::size_t>(stream)])
            << told->name << ", input " << in.port << ", stream "
            << static_cast<std::uint32_t>(stream);
        const bool once =
            std::all_of(seqs.begin(), seqs.end(), [](const auto& one) { return one.second == 1; });
        EXPECT_TRUE(once || is_merged_) << told->name << ", input " << in.port;
      }
    }
  }
}

void RandomWorld::check_all_delivered() {
  for (std::size_t i = 0; i < streams_; ++i) {
    const auto totals = graph_.books(i).totals();
    EXPECT_EQ(totals.delivered, frames_[i]) << "stream " << i;
    EXPECT_EQ(totals.refused, 0U);
  }
}

void RandomWorld::plan_stages() {
  streams_ = dice_.pick(1, 6);
  const std::size_t count = dice_.pick(2, 8);
  stages_.resize(count);
  std::vector<bool> feeds(count, false);
  for (std::size_t i = 0; i < count; ++i) {
    Stage& stage = stages_[i];
    stage.nodes = static_cast<int>(dice_.pick(1, 3));
    stage.shared = dice_.chance(0.5);
    stage.routes = traits_.routes && dice_.chance(0.6);
    if (i > 0) {
      std::set<std::size_t> from = {dice_.pick(0, i - 1)};
      if (dice_.chance(0.25)) {
        from.insert(dice_.pick(0, i - 1));  // A merge of branches.
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
  // Branches that meet again interleave: order is then a matter of each input.
  is_merged_ = std::any_of(
      stages_.begin(), stages_.end(), [](const Stage& stage) { return stage.from.size() > 1; });
}

std::size_t RandomWorld::new_edge() {
  const auto capacity = static_cast<std::uint32_t>(dice_.chance(0.3) ? 1 : dice_.pick(1, 6));
  Overflow overflow = Overflow::kBlock;
  if (traits_.drops && dice_.chance(0.4)) {
    overflow = dice_.chance(0.5) ? Overflow::kDropOldest : Overflow::kDropNewest;
  }
  return graph_.edge(capacity, overflow);
}

std::vector<StreamId> RandomWorld::all_streams() const {
  std::vector<StreamId> ids;
  for (std::uint32_t i = 0; i < streams_; ++i) {
    ids.push_back(StreamId{i});
  }
  return ids;
}

/// Segments are (stage, instance): one instance if shared, else one per stream. An edge goes from
/// each instance of a stage to each instance of the next that has a stream in common with it.
void RandomWorld::plan_edges() {
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

void RandomWorld::connect(std::size_t from, std::size_t to, std::size_t instance) {
  const bool one_to_one = !stages_[from].shared && !stages_[to].shared;
  for (std::size_t k = 0; k < segments_[from].size(); ++k) {
    if (one_to_one && k != instance) {
      continue;
    }
    const std::size_t edge = new_edge();
    VirtualGraph::Out out{edge, stages_[from].routes && dice_.chance(0.5) ? 1U : 0U};
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

void RandomWorld::make_sources() {
  for (std::uint32_t i = 0; i < streams_; ++i) {
    VirtualGraph::SourceSpec spec;
    ScriptedSource::Script script;
    script.count = dice_.pick(0, 60);
    script.period = std::chrono::milliseconds(dice_.pick(1, 40));
    script.live = traits_.drops && dice_.chance(0.5);
    if (traits_.failures && dice_.chance(0.3)) {
      script.on_frame = [this](std::uint64_t) -> std::optional<Error> {
        if (dice_.chance(0.03)) {
          return Error{Errc::kPeerGone, "camera gone"};
        }
        return std::nullopt;
      };
    }
    frames_.push_back(script.count);
    spec.stream = StreamId{i};
    spec.window = static_cast<std::uint32_t>(dice_.chance(0.3) ? 1 : dice_.pick(1, 8));
    windows_.push_back(spec.window);
    spec.realtime = !script.live && dice_.chance(0.3);
    spec.outputs = source_outs_[i];
    auto position = std::make_shared<ScriptedSource::Position>();
    spec.make = [this, script, position]() -> Result<std::unique_ptr<Source>> {
      return std::unique_ptr<Source>(std::make_unique<BufferedSource>(
          std::make_unique<ScriptedSource>(script, position), pool_.get()));
    };
    graph_.source(std::move(spec));
  }
}

void RandomWorld::make_segments() {
  nodes_ = std::make_unique<RandomNodes>(
      dice_,
      RandomNodes::Options{traits_, windows_, is_merged_, [this](StreamId stream) {
                             return graph_.pump(static_cast<std::size_t>(stream)).in_flight();
                           }});
  for (std::size_t s = 0; s < stages_.size(); ++s) {
    for (std::size_t k = 0; k < segments_[s].size(); ++k) {
      VirtualGraph::SegmentSpec spec = segments_[s][k];
      spec.ports = stages_[s].routes ? 2 : 1;
      for (int n = 0; n < stages_[s].nodes; ++n) {
        const bool last = n + 1 == stages_[s].nodes;
        spec.nodes.push_back(nodes_->make(stages_[s].is_sink && last, stages_[s].routes && last));
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

void RandomWorld::answer_failures() {
  graph_.events().on_event = [this](const RunEvent& event) {
    if (event.kind != RunEvent::Kind::kFailed) {
      return;
    }
    auto* failed = static_cast<Supervised*>(event.runnable);
    const Order order = dice_.chance(0.8) ? Order::kRestart : Order::kGiveUp;
    graph_.runner().at(graph_.clock().now() + std::chrono::milliseconds(dice_.pick(0, 300)),
                       [failed, order] { failed->order(order); });
  };
}

void RandomWorld::give_orders() {
  for (std::size_t i = 0; i < streams_; ++i) {
    if (dice_.chance(0.5)) {
      SourcePump* pump = &graph_.pump(i);
      graph_.runner().at(graph_.clock().now() + moment(), [pump] { pump->order(Order::kStop); });
    }
  }
  for (std::size_t i = 0; i < graph_.segment_count(); ++i) {
    if (dice_.chance(0.1)) {
      Segment* segment = &graph_.segment_at(i);
      graph_.runner().at(graph_.clock().now() + moment(),
                         [segment] { segment->order(Order::kGiveUp); });
    }
  }
}

}  // namespace penstock::testing
