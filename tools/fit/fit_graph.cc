#include "tools/fit/fit_graph.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

namespace penstock {
namespace {

Overflow overflow_of(DropPolicy drop) {
  switch (drop) {
    case DropPolicy::kOldest:
      return Overflow::kDropOldest;
    case DropPolicy::kNewest:
      return Overflow::kDropNewest;
    case DropPolicy::kNone:
      break;
  }
  return Overflow::kBlock;
}

Topology::Input edge_from(std::size_t from, const InputSpec* words) {
  Topology::Input input;
  input.from = from;
  if (words == nullptr) {
    return input;
  }
  input.default_queue = static_cast<std::uint32_t>(words->queue);
  input.default_overflow = overflow_of(words->drop);
  if (words->queue_is_written) {
    input.queue = input.default_queue;
  }
  if (words->drop_is_written) {
    input.overflow = input.default_overflow;
  }
  return input;
}

/// The actor in front of the model, which makes its inputs; null where that is the source.
const ActorSpec* maker_of(const GraphSpec& spec, const ActorSpec& station) {
  const ActorSpec* before =
      station.inputs.empty() ? nullptr : spec.find_actor(station.inputs.front().from);
  const bool is_host_node = before != nullptr && before->model.empty() && !before->inputs.empty();
  return is_host_node ? before : nullptr;
}

/// The nearest actor before `station` that runs a model, along first inputs; null: the source.
const ActorSpec* station_before(const GraphSpec& spec, const ActorSpec& station) {
  const ActorSpec* before = &station;
  while (before != nullptr && !before->inputs.empty()) {
    before = spec.find_actor(before->inputs.front().from);
    if (before != nullptr && !before->model.empty()) {
      return before;
    }
  }
  return nullptr;
}

std::optional<std::uint32_t> window_of(const GraphSpec& spec) {
  for (const ActorSpec& actor : spec.actors) {
    for (const StreamSpec& stream : actor.streams) {
      if (stream.options.has("max_in_flight")) {
        return static_cast<std::uint32_t>(stream.options.get_int("max_in_flight"));
      }
    }
  }
  return std::nullopt;
}

class Reducer {
 public:
  Reducer(const GraphSpec& spec, const RequestsOfModel& requests)
      : spec_(spec),
        requests_(requests) {
    graph_.topology.graph = spec.name;
  }

  Result<FitGraph> reduce(std::uint32_t streams) {
    add_cameras(streams);
    std::vector<const ActorSpec*> stations;
    for (const ActorSpec& actor : spec_.actors) {
      if (!actor.model.empty()) {
        PENSTOCK_RETURN_IF_ERROR(add_station(actor));
        stations.push_back(&actor);
      }
    }
    if (stations.empty()) {
      return Error{Errc::kInvalidArgument,
                   "graph '" + spec_.name + "' runs no model: no device limits it"};
    }
    for (const ActorSpec* station : stations) {
      const bool is_last = std::none_of(stations.begin(), stations.end(), [&](const auto* other) {
        return station_before(spec_, *other) == station;
      });
      if (is_last) {
        Topology::Node end;
        end.name = "end of " + station->name;
        end.kind = Topology::Kind::kSink;
        end.inputs.push_back(edge_from(place_.at(station->name), nullptr));
        add(std::move(end), {FitNode::Kind::kEnd, nullptr});
      }
    }
    return std::move(graph_);
  }

 private:
  std::size_t add(Topology::Node node, FitNode what) {
    graph_.topology.nodes.push_back(std::move(node));
    graph_.nodes.push_back(what);
    return graph_.nodes.size() - 1;
  }

  void add_cameras(std::uint32_t streams) {
    Topology::Node cameras;
    cameras.name = "streams";
    cameras.kind = Topology::Kind::kSource;
    cameras.live = true;
    cameras.waits = true;
    cameras.max_in_flight = window_of(spec_);
    for (std::uint32_t i = 0; i < streams; ++i) {
      cameras.streams.push_back("stream " + std::to_string(i + 1));
    }
    add(std::move(cameras), {});
  }

  Status add_station(const ActorSpec& actor) {
    const auto requests = requests_.find(actor.model);
    const ModelSpec* model = spec_.find_model(actor.model);
    if (requests == requests_.end() || model == nullptr) {
      return Error{Errc::kInvalidArgument,
                   "actor '" + actor.name + "': model '" + actor.model + "' was not loaded"};
    }
    const ActorSpec* before = station_before(spec_, actor);
    const ActorSpec* maker = maker_of(spec_, actor);
    Topology::Node feed;
    feed.name = "inputs of " + actor.name;
    feed.per_stream = maker != nullptr && maker->scope == Scope::kPerStream;
    feed.inputs.push_back(edge_from(before == nullptr ? 0 : place_.at(before->name),
                                    maker == nullptr ? nullptr : &maker->inputs.front()));
    const std::size_t fed = add(std::move(feed), {FitNode::Kind::kFeed, &actor});
    Topology::Node station;
    station.name = actor.name;
    station.kind = Topology::Kind::kStation;
    station.in_flight = requests->second * static_cast<std::uint32_t>(model->batch_size);
    station.inputs.push_back(
        edge_from(fed, actor.inputs.empty() ? nullptr : &actor.inputs.front()));
    place_[actor.name] = add(std::move(station), {FitNode::Kind::kStation, &actor});
    return {};
  }

  const GraphSpec& spec_;
  const RequestsOfModel& requests_;
  FitGraph graph_;
  std::map<std::string, std::size_t> place_;  // Of stations.
};

}  // namespace

GraphSpec on_device(GraphSpec spec, const DeviceSpec& device) {
  const std::vector<std::string> only = {device.name};
  spec.devices = {device};
  for (ModelSpec& model : spec.models) {
    model.device = device.name;
    model.devices = only;
    model.placement = Placement::kPinned;
    model.failover = false;
  }
  for (ActorSpec& actor : spec.actors) {
    if (!actor.model.empty()) {
      actor.device = device.name;
      actor.devices = only;
      actor.flows.clear();
    }
  }
  return spec;
}

Result<FitGraph> reduce_graph(const GraphSpec& spec,
                              const RequestsOfModel& requests,
                              std::uint32_t streams) {
  return Reducer(spec, requests).reduce(streams);
}

}  // namespace penstock
