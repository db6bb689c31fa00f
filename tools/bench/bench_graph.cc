#include "tools/bench/bench_graph.h"

#include <cstdio>
#include <utility>

#include "engine/plan/plan.h"

namespace penstock {

class BenchGraph::Makers final : public NodeMakers {
 public:
  explicit Makers(const std::vector<Part>& parts) : parts_(parts) {}

  NodeFactory node(std::size_t node, const std::string& stream) override {
    return parts_[node].node(stream);
  }

  SourceWords source(std::size_t node, const std::string& stream) override {
    SourceWords words;
    words.make = parts_[node].source(stream);
    return words;
  }

  StationWords station(std::size_t node) override {
    StationWords words;
    words.make = parts_[node].backend;
    words.batch_size = parts_[node].batch;
    return words;
  }

  RestartRule restart(std::size_t /*node*/) override {
    RestartRule rule;
    rule.max = 0;
    rule.then = RestartRule::Then::kStopGraph;
    return rule;
  }

 private:
  const std::vector<Part>& parts_;
};

std::size_t BenchGraph::add(Topology::Node node, Part part) {
  topology_.nodes.push_back(std::move(node));
  parts_.push_back(std::move(part));
  return parts_.size() - 1;
}

std::size_t BenchGraph::source(const std::string& name,
                               std::vector<std::string> streams,
                               Sources make,
                               std::optional<std::uint32_t> window) {
  Topology::Node node;
  node.name = name;
  node.kind = Topology::Kind::kSource;
  node.per_stream = true;
  node.streams = std::move(streams);
  node.max_in_flight = window;
  Part part;
  part.source = std::move(make);
  return add(std::move(node), std::move(part));
}

std::size_t BenchGraph::behind(const std::string& name,
                               Topology::Kind kind,
                               std::size_t from,
                               std::optional<std::uint32_t> queue,
                               Part part) {
  Topology::Node node;
  node.name = name;
  node.kind = kind;
  node.per_stream = kind != Topology::Kind::kStation;
  Topology::Input input;
  input.from = from;
  input.queue = queue;
  node.inputs.push_back(input);
  return add(std::move(node), std::move(part));
}

std::size_t BenchGraph::step(const std::string& name,
                             std::size_t from,
                             NodeFactory make,
                             std::optional<std::uint32_t> queue) {
  Part part;
  part.node = [make = std::move(make)](const std::string& /*stream*/) { return make; };
  return behind(name, Topology::Kind::kStep, from, queue, std::move(part));
}

std::size_t BenchGraph::sink(const std::string& name,
                             std::size_t from,
                             std::function<NodeFactory(const std::string& stream)> make,
                             std::optional<std::uint32_t> queue) {
  Part part;
  part.node = std::move(make);
  return behind(name, Topology::Kind::kSink, from, queue, std::move(part));
}

std::size_t BenchGraph::station(const std::string& name,
                                std::size_t from,
                                BackendFactory make,
                                std::uint32_t frames,
                                std::uint32_t batch,
                                std::optional<std::uint32_t> queue) {
  Part part;
  part.backend = std::move(make);
  part.batch = batch;
  const std::size_t index = behind(name, Topology::Kind::kStation, from, queue, std::move(part));
  topology_.nodes[index].in_flight = frames;
  return index;
}

Result<std::unique_ptr<GraphRun>> BenchGraph::make_run(const Clock& clock) const {
  PENSTOCK_ASSIGN_OR_RETURN(Plan planned, plan(topology_));
  Makers makers(parts_);
  return GraphRun::create(topology_, std::move(planned), makers, clock);
}

Result<std::unique_ptr<actors::RunningGraph>> BenchGraph::start(actors::Workers& workers,
                                                                const Clock& clock) const {
  PENSTOCK_ASSIGN_OR_RETURN(std::unique_ptr<GraphRun> run, make_run(clock));
  actors::RunningGraph::Options options;
  options.clock = &clock;
  options.on_note = [](const Supervisor::Note& note) {
    std::fprintf(stderr, "%s\n", note.text.c_str());
  };
  return actors::RunningGraph::start(workers, std::move(run), std::move(options));
}

}  // namespace penstock
