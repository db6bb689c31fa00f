#include "engine/plan/plan.h"

#include <algorithm>
#include <utility>

namespace penstock {
namespace {

using Kind = Topology::Kind;

class Planner {
 public:
  explicit Planner(const Topology& topology) : topology_(topology) {}

  Result<Plan> run() {
    PENSTOCK_RETURN_IF_ERROR(check_inputs());
    PENSTOCK_RETURN_IF_ERROR(sort());
    find_streams();
    chain_nodes();
    make_segments();
    make_edges();
    size_windows();
    return std::move(plan_);
  }

 private:
  static Error bad(const std::string& text) { return {Errc::kInvalidArgument, text}; }

  Status check_inputs() const {
    for (const auto& node : topology_.nodes) {
      if (node.kind == Kind::kSource && node.streams.empty()) {
        return bad("source '" + node.name + "' has no stream");
      }
      for (const auto& input : node.inputs) {
        if (input.from >= topology_.nodes.size()) {
          return bad("node '" + node.name + "': input from node " + std::to_string(input.from) +
                     " of " + std::to_string(topology_.nodes.size()));
        }
      }
    }
    return {};
  }

  /// Orders the nodes so that producers come before consumers.
  Status sort() {
    std::vector<std::size_t> open(topology_.nodes.size());
    std::vector<std::vector<std::size_t>> consumers(topology_.nodes.size());
    for (std::size_t n = 0; n < topology_.nodes.size(); ++n) {
      open[n] = topology_.nodes[n].inputs.size();
      for (const auto& input : topology_.nodes[n].inputs) {
        consumers[input.from].push_back(n);
      }
    }
    for (std::size_t n = 0; n < open.size(); ++n) {
      if (open[n] == 0) {
        order_.push_back(n);
      }
    }
    for (std::size_t i = 0; i < order_.size(); ++i) {
      for (const std::size_t consumer : consumers[order_[i]]) {
        if (--open[consumer] == 0) {
          order_.push_back(consumer);
        }
      }
    }
    if (order_.size() != topology_.nodes.size()) {
      const auto stuck =
          std::find_if(open.begin(), open.end(), [](std::size_t left) { return left != 0; });
      return bad("node '" + topology_.nodes[static_cast<std::size_t>(stuck - open.begin())].name +
                 "' is part of a cycle");
    }
    consumers_ = std::move(consumers);
    return {};
  }

  void find_streams() {
    streams_.resize(topology_.nodes.size());
    for (const std::size_t n : order_) {
      const auto& node = topology_.nodes[n];
      for (const std::string& name : node.streams) {
        streams_[n].push_back(static_cast<StreamId>(plan_.streams.size()));
        plan_.streams.push_back({name, n, node.live, node.max_in_flight.value_or(0)});
      }
      for (const auto& input : node.inputs) {
        for (const StreamId stream : streams_[input.from]) {
          if (std::find(streams_[n].begin(), streams_[n].end(), stream) == streams_[n].end()) {
            streams_[n].push_back(stream);
          }
        }
      }
      std::sort(streams_[n].begin(), streams_[n].end());
    }
  }

  [[nodiscard]] bool can_fuse(std::size_t producer, std::size_t consumer) const {
    const auto& a = topology_.nodes[producer];
    const auto& b = topology_.nodes[consumer];
    const auto& input = b.inputs.front();
    return a.kind == Kind::kStep && (b.kind == Kind::kStep || b.kind == Kind::kSink) && !a.waits &&
           !b.waits && b.inputs.size() == 1 && consumers_[producer].size() == 1 &&
           a.per_stream == b.per_stream && a.restart == b.restart && !input.queue.has_value() &&
           !input.overflow.has_value() && a.outputs == 1 && input.from_port == 0 &&
           input.to_port == 0;
  }

  /// Gives each node the chain that it belongs to.
  void chain_nodes() {
    chain_of_.resize(topology_.nodes.size());
    for (const std::size_t n : order_) {
      const auto& inputs = topology_.nodes[n].inputs;
      if (!inputs.empty() && can_fuse(inputs.front().from, n)) {
        chain_of_[n] = chain_of_[inputs.front().from];
        chains_[chain_of_[n]].push_back(n);
      } else {
        chain_of_[n] = chains_.size();
        chains_.push_back({n});
      }
    }
  }

  [[nodiscard]] bool is_per_stream(std::size_t chain) const {
    const auto& node = topology_.nodes[chains_[chain].front()];
    return node.per_stream || node.kind == Kind::kSource;
  }

  void make_segments() {
    segments_of_.resize(chains_.size());
    for (std::size_t chain = 0; chain < chains_.size(); ++chain) {
      const std::size_t first = chains_[chain].front();
      std::string name;
      for (const std::size_t n : chains_[chain]) {
        name += (name.empty() ? "" : "+") + topology_.nodes[n].name;
      }
      if (!is_per_stream(chain)) {
        segments_of_[chain] = {plan_.segments.size()};
        plan_.segments.push_back(
            {name, topology_.nodes[first].kind, chains_[chain], std::nullopt, streams_[first], 0});
        continue;
      }
      for (const StreamId stream : streams_[first]) {
        segments_of_[chain].push_back(plan_.segments.size());
        plan_.segments.push_back({name + "[" + stream_name(stream) + "]",
                                  topology_.nodes[first].kind,
                                  chains_[chain],
                                  stream,
                                  {stream},
                                  0});
      }
    }
  }

  [[nodiscard]] const std::string& stream_name(StreamId stream) const {
    return plan_.streams[static_cast<std::size_t>(stream)].name;
  }

  void make_edges() {
    for (const auto& chain : chains_) {
      const std::size_t first = chain.front();
      for (const auto& input : topology_.nodes[first].inputs) {
        connect(input, first);
      }
    }
  }

  void connect(const Topology::Input& input, std::size_t consumer) {
    const auto& from = segments_of_[chain_of_[input.from]];
    const auto& to = segments_of_[chain_of_[consumer]];
    for (const std::size_t a : from) {
      for (const std::size_t b : to) {
        std::vector<StreamId> shared;
        std::set_intersection(plan_.segments[a].streams.begin(),
                              plan_.segments[a].streams.end(),
                              plan_.segments[b].streams.begin(),
                              plan_.segments[b].streams.end(),
                              std::back_inserter(shared));
        if (shared.empty()) {
          continue;
        }
        Plan::Edge edge;
        edge.name = topology_.nodes[input.from].name + " -> " + topology_.nodes[consumer].name;
        if (shared.size() == 1 && plan_.streams.size() > 1) {
          edge.name += " [" + stream_name(shared.front()) + "]";
        }
        edge.from = a;
        edge.from_port = input.from_port;
        edge.to = b;
        edge.to_port = input.to_port;
        if (shared.size() < plan_.segments[a].streams.size()) {
          edge.only = shared.front();
        }
        edge.streams = std::move(shared);
        edge.queue = input.queue.value_or(input.default_queue);
        edge.overflow = input.overflow.value_or(input.default_overflow);
        plan_.edges.push_back(std::move(edge));
      }
    }
  }

  [[nodiscard]] std::uint32_t held_in(const Plan::Segment& segment) const {
    std::uint32_t held = 0;
    for (const std::size_t n : segment.nodes) {
      held += topology_.nodes[n].holds + topology_.nodes[n].in_flight;
    }
    return held;
  }

  void size_windows() {
    for (std::size_t s = 0; s < plan_.streams.size(); ++s) {
      Plan::Stream& stream = plan_.streams[s];
      if (stream.window != 0) {
        continue;
      }
      std::uint32_t held = 0;
      std::uint32_t segments = 0;
      for (const Plan::Segment& segment : plan_.segments) {
        const auto& all = segment.streams;
        if (std::find(all.begin(), all.end(), static_cast<StreamId>(s)) != all.end()) {
          held += held_in(segment);
          ++segments;
        }
      }
      stream.window = stream.live ? Plan::kDefaultLiveWindow + held_back(s)
                                  : std::min(Plan::kMaxPlannedWindow, held + segments + 1);
    }
    for (Plan::Segment& segment : plan_.segments) {
      for (const StreamId stream : segment.streams) {
        segment.max_frames += plan_.streams[static_cast<std::size_t>(stream)].window;
      }
    }
  }

  /// Frames of stream `s` that nodes keep beyond their turn: a live window must not shrink by them.
  [[nodiscard]] std::uint32_t held_back(std::size_t s) const {
    std::uint32_t held = 0;
    for (const Plan::Segment& segment : plan_.segments) {
      if (std::find(segment.streams.begin(), segment.streams.end(), static_cast<StreamId>(s)) ==
          segment.streams.end()) {
        continue;
      }
      for (const std::size_t n : segment.nodes) {
        held += topology_.nodes[n].holds;
      }
    }
    return held;
  }

  const Topology& topology_;
  Plan plan_;
  std::vector<std::size_t> order_;
  std::vector<std::vector<std::size_t>>
      consumers_;                                 // By node; a consumer of two ports appears twice.
  std::vector<std::vector<StreamId>> streams_;    // By node.
  std::vector<std::vector<std::size_t>> chains_;  // Nodes of each chain.
  std::vector<std::size_t> chain_of_;             // By node.
  std::vector<std::vector<std::size_t>> segments_of_;  // By chain.
};

}  // namespace

Result<Plan> plan(const Topology& topology) {
  return Planner(topology).run();
}

}  // namespace penstock
