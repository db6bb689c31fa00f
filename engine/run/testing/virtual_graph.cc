#include "engine/run/testing/virtual_graph.h"

#include <utility>

#include "engine/base/check.h"

namespace penstock::testing {

std::size_t VirtualGraph::edge(std::uint32_t capacity, Overflow overflow) {
  EdgeRing::Options options;
  options.name = "edge " + std::to_string(edges_.size());
  options.capacity = capacity;
  options.overflow = overflow;
  edges_.push_back({std::move(EdgeRing::create(std::move(options))).value(), nullptr, nullptr});
  return edges_.size() - 1;
}

std::vector<OutEdge> VirtualGraph::resolve(const std::vector<Out>& outputs) {
  std::vector<OutEdge> edges;
  edges.reserve(outputs.size());
  for (const Out& out : outputs) {
    edges.push_back({edges_[out.edge].ring.get(), out.port, out.only});
  }
  return edges;
}

SourcePump& VirtualGraph::source(SourceSpec spec) {
  auto position = std::make_shared<ScriptedSource::Position>();
  auto books = std::make_shared<StreamLedger>();
  SourcePump::Options options;
  options.name = "source " + std::to_string(pumps_.size());
  options.stream = spec.stream;
  options.stream_name = "stream " + std::to_string(static_cast<std::uint32_t>(spec.stream));
  options.context.name = options.name;
  options.context.stream = options.stream_name;
  options.context.clock = &clock_;
  options.make = spec.make;
  if (!options.make) {
    options.make = [script = spec.script, position]() -> Result<std::unique_ptr<Source>> {
      return std::unique_ptr<Source>(std::make_unique<ScriptedSource>(script, position));
    };
  }
  options.window = spec.window;
  options.deadline = spec.deadline;
  options.max_fps = spec.max_fps;
  options.realtime = spec.realtime;
  options.ledger = books;
  options.outputs = resolve(spec.outputs);
  pumps_.push_back(std::move(SourcePump::create(std::move(options))).value());
  positions_.push_back(std::move(position));
  books_.push_back(std::move(books));
  for (const Out& out : spec.outputs) {
    edges_[out.edge].producer = pumps_.back().get();
  }
  return *pumps_.back();
}

Segment& VirtualGraph::segment(SegmentSpec spec) {
  Segment::Options options;
  options.name = "segment " + std::to_string(segments_.size());
  options.stream = spec.stream;
  std::vector<std::shared_ptr<NodeLedger>> books;
  for (NodeFactory& make : spec.nodes) {
    Segment::NodeSpec node;
    node.make = std::move(make);
    node.context.name = options.name + "." + std::to_string(options.nodes.size());
    node.context.clock = &clock_;
    node.ledger = std::make_shared<NodeLedger>();
    books.push_back(node.ledger);
    options.nodes.push_back(std::move(node));
  }
  for (const In& in : spec.inputs) {
    options.inputs.push_back({edges_[in.edge].ring.get(), in.port, in.streams});
  }
  options.outputs = resolve(spec.outputs);
  options.ports = spec.ports;
  segments_.push_back(std::make_unique<Segment>(std::move(options)));
  Segment& made = *segments_.back();
  node_books_[&made] = std::move(books);
  for (const In& in : spec.inputs) {
    edges_[in.edge].consumer = &made;
  }
  for (const Out& out : spec.outputs) {
    edges_[out.edge].producer = &made;
  }
  return made;
}

void VirtualGraph::add(std::unique_ptr<Supervised> made,
                       const std::vector<std::size_t>& inputs,
                       const std::vector<std::size_t>& outputs) {
  for (const std::size_t edge : inputs) {
    edges_[edge].consumer = made.get();
  }
  for (const std::size_t edge : outputs) {
    edges_[edge].producer = made.get();
  }
  added_.push_back(std::move(made));
}

void VirtualGraph::supervise(int restarts) {
  using Order = Supervised::Order;
  events_.on_event = [this, restarts, done = 0](const RunEvent& event) mutable {
    if (event.kind == RunEvent::Kind::kFailed) {
      auto* failed = static_cast<Supervised*>(event.runnable);
      const Order order = done++ < restarts ? Order::kRestart : Order::kGiveUp;
      runner_->at(clock_.now() + std::chrono::seconds(1),
                  [failed, order] { failed->order(order); });
    }
  };
}

void VirtualGraph::start() {
  if (std::exchange(started_, true)) {
    return;
  }
  for (Edge& edge : edges_) {
    PENSTOCK_CHECK(edge.producer != nullptr && edge.consumer != nullptr) << edge.ring->name();
    edge.ring->connect(edge.producer->doorbell(), edge.consumer->doorbell());
  }
  for (const auto& segment : segments_) {
    segment->set_events(&events_);
    runner_->add(*segment);
  }
  for (const auto& runnable : added_) {
    runnable->set_events(&events_);
    runner_->add(*runnable);
  }
  for (const auto& pump : pumps_) {
    pump->set_events(&events_);
    runner_->add(*pump);
  }
}

bool VirtualGraph::run() {
  start();
  return runner_->run(1'000'000);
}

bool VirtualGraph::run_until(Duration since_start) {
  start();
  return runner_->run_until(TimePoint(std::chrono::seconds(1000)) + since_start, 1'000'000);
}

bool VirtualGraph::all_finished() const {
  for (const auto& segment : segments_) {
    if (!runner_->is_finished(*segment)) {
      return false;
    }
  }
  for (const auto& runnable : added_) {
    if (!runner_->is_finished(*runnable)) {
      return false;
    }
  }
  for (const auto& pump : pumps_) {
    if (!runner_->is_finished(*pump)) {
      return false;
    }
  }
  return true;
}

std::string imbalance(const StreamLedger::Totals& totals) {
  std::string wrong;
  if (totals.offered != totals.admitted + totals.refused) {
    wrong += "offered " + std::to_string(totals.offered) + " != admitted " +
             std::to_string(totals.admitted) + " + refused " + std::to_string(totals.refused) +
             "; ";
  }
  const std::uint64_t ended =
      totals.delivered + totals.dropped + totals.cancelled + totals.failed + totals.lost;
  if (totals.admitted != ended) {
    wrong +=
        "admitted " + std::to_string(totals.admitted) + " != ended " + std::to_string(ended) + "; ";
  }
  if (totals.lost != 0) {
    wrong += "lost " + std::to_string(totals.lost) + "; ";
  }
  return wrong;
}

}  // namespace penstock::testing
