#include "engine/run/graph_run.h"

#include <utility>

namespace penstock {

class GraphRun::Builder {
 public:
  Builder(const Topology& topology, Plan plan, NodeMakers& makers, const Clock& clock)
      : topology_(topology),
        makers_(makers),
        clock_(clock),
        run_(new GraphRun) {
    run_->graph_ = topology.graph;
    run_->plan_ = std::move(plan);
  }

  Result<std::unique_ptr<GraphRun>> build() {
    for (const Plan::Edge& edge : run_->plan_.edges) {
      PENSTOCK_ASSIGN_OR_RETURN(auto ring,
                                EdgeRing::create({edge.name, edge.queue, edge.overflow}));
      run_->edges_.push_back(std::move(ring));
    }
    for (std::size_t s = 0; s < run_->plan_.segments.size(); ++s) {
      PENSTOCK_RETURN_IF_ERROR(add_segment(s));
    }
    for (std::size_t e = 0; e < run_->edges_.size(); ++e) {
      const Plan::Edge& edge = run_->plan_.edges[e];
      run_->edges_[e]->connect(run_->runnables_[edge.from]->doorbell(),
                               run_->runnables_[edge.to]->doorbell());
    }
    return std::move(run_);
  }

 private:
  Status add_segment(std::size_t s) {
    const Plan::Segment& segment = run_->plan_.segments[s];
    std::unique_ptr<Supervised> made;
    switch (segment.kind) {
      case Topology::Kind::kSource: {
        PENSTOCK_ASSIGN_OR_RETURN(auto pump, make_pump(s));
        run_->pumps_.push_back(pump.get());
        made = std::move(pump);
        break;
      }
      case Topology::Kind::kStation:
        made = make_station(s);
        break;
      case Topology::Kind::kStep:
      case Topology::Kind::kSink:
        made = make_segment(s);
        break;
    }
    Supervisor::Member member;
    member.runnable = made.get();
    member.name = segment.name;
    member.is_source = segment.kind == Topology::Kind::kSource;
    member.streams = segment.streams;
    member.restart = makers_.restart(segment.nodes.front());
    run_->members_.push_back(std::move(member));
    run_->runnables_.push_back(std::move(made));
    return {};
  }

  [[nodiscard]] std::string stream_of(const Plan::Segment& segment) const {
    return segment.stream.has_value()
               ? run_->plan_.streams[static_cast<std::size_t>(*segment.stream)].name
               : std::string();
  }

  [[nodiscard]] std::vector<OutEdge> outputs_of(std::size_t s) const {
    std::vector<OutEdge> outputs;
    for (std::size_t e = 0; e < run_->plan_.edges.size(); ++e) {
      const Plan::Edge& edge = run_->plan_.edges[e];
      if (edge.from == s) {
        outputs.push_back({run_->edges_[e].get(), edge.from_port, edge.only});
      }
    }
    return outputs;
  }

  std::shared_ptr<NodeLedger> add_ledger(std::size_t node, const std::string& stream) {
    auto ledger = std::make_shared<NodeLedger>();
    ledger->node = topology_.nodes[node].name;
    ledger->stream = stream;
    run_->nodes_.push_back({node, ledger});
    return ledger;
  }

  Result<std::unique_ptr<SourcePump>> make_pump(std::size_t s) {
    const Plan::Segment& segment = run_->plan_.segments[s];
    const std::size_t node = segment.nodes.front();
    const std::string stream = stream_of(segment);
    const Plan::Stream& planned = run_->plan_.streams[static_cast<std::size_t>(*segment.stream)];
    auto words = makers_.source(node, stream);
    SourcePump::Options options;
    options.name = segment.name;
    options.stream = *segment.stream;
    options.stream_name = stream;
    options.make = std::move(words.make);
    options.context = {
        topology_.graph, topology_.nodes[node].name, stream, &clock_, planned.window + 2};
    options.window = planned.window;
    options.deadline = words.deadline;
    options.max_fps = words.max_fps;
    options.realtime = words.realtime;
    options.ledger = std::make_shared<StreamLedger>();
    options.outputs = outputs_of(s);
    return SourcePump::create(std::move(options));
  }

  std::unique_ptr<Station> make_station(std::size_t s) {
    const Plan::Segment& segment = run_->plan_.segments[s];
    const std::size_t node = segment.nodes.front();
    auto words = makers_.station(node);
    Station::Options options;
    options.name = topology_.nodes[node].name;
    options.make = std::move(words.make);
    options.clock = &clock_;
    options.batch_size = words.batch_size;
    options.batch_wait = words.batch_wait;
    options.shares = std::move(words.shares);
    options.batch_per_stream = words.batch_per_stream;
    options.max_frames = segment.max_frames;
    for (std::size_t e = 0; e < run_->plan_.edges.size(); ++e) {
      const Plan::Edge& edge = run_->plan_.edges[e];
      if (edge.to == s) {
        options.inputs.push_back({run_->edges_[e].get(), edge.streams});
      }
    }
    options.outputs = outputs_of(s);
    options.node_ledger = add_ledger(node, {});
    options.device_ledger = std::make_shared<DeviceLedger>();
    run_->devices_.push_back({node, topology_.nodes[node].name, options.device_ledger});
    return std::make_unique<Station>(std::move(options));
  }

  std::unique_ptr<Segment> make_segment(std::size_t s) {
    const Plan::Segment& segment = run_->plan_.segments[s];
    const std::string stream = stream_of(segment);
    Segment::Options options;
    options.name = segment.name;
    options.stream = stream;
    for (const std::size_t node : segment.nodes) {
      Segment::NodeSpec spec;
      spec.make = makers_.node(node, stream);
      spec.context = {
          topology_.graph, topology_.nodes[node].name, stream, &clock_, segment.max_frames + 2};
      spec.ledger = add_ledger(node, stream);
      options.nodes.push_back(std::move(spec));
    }
    for (std::size_t e = 0; e < run_->plan_.edges.size(); ++e) {
      const Plan::Edge& edge = run_->plan_.edges[e];
      if (edge.to == s) {
        options.inputs.push_back({run_->edges_[e].get(), edge.to_port, edge.streams});
      }
    }
    options.outputs = outputs_of(s);
    options.ports = topology_.nodes[segment.nodes.back()].outputs;
    return std::make_unique<Segment>(std::move(options));
  }

  const Topology& topology_;
  NodeMakers& makers_;
  const Clock& clock_;
  std::unique_ptr<GraphRun> run_;
};

Result<std::unique_ptr<GraphRun>> GraphRun::create(const Topology& topology,
                                                   Plan plan,
                                                   NodeMakers& makers,
                                                   const Clock& clock) {
  return Builder(topology, std::move(plan), makers, clock).build();
}

GraphRun::~GraphRun() {
  // Members go one by one; what they end must not ring those that are gone already.
  for (const auto& edge : edges_) {
    edge->connect({}, {});
  }
}

std::vector<StallWatch::Watched> GraphRun::watched_edges() const {
  std::vector<StallWatch::Watched> watched;
  for (std::size_t e = 0; e < edges_.size(); ++e) {
    watched.push_back({edges_[e].get(), plan_.segments[plan_.edges[e].to].name});
  }
  return watched;
}

}  // namespace penstock
