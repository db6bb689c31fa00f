#include "tools/fit/fit_graph.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "tools/compose/picture_before.h"

namespace penstock {
namespace {

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
  const ActorSpec* before = actor_before(spec, station);
  const bool is_host_node = before != nullptr && before->model.empty() && !before->inputs.empty();
  return is_host_node ? before : nullptr;
}

/// Collects what is before `actor` and either runs a model or makes the streams: along all that
/// feed the first port, where streams come together.
void add_feeders(const GraphSpec& spec,
                 const ActorSpec& actor,
                 std::vector<const ActorSpec*>* feeders) {
  for (const InputSpec& input : actor.inputs) {
    const ActorSpec* before = spec.find_actor(input.from);
    if (before == nullptr || input.port != actor.inputs.front().port) {
      continue;
    }
    if (before->model.empty() && !before->inputs.empty()) {
      add_feeders(spec, *before, feeders);
    } else if (std::find(feeders->begin(), feeders->end(), before) == feeders->end()) {
      feeders->push_back(before);
    }
  }
}

std::vector<const ActorSpec*> feeders_of(const GraphSpec& spec, const ActorSpec& actor) {
  std::vector<const ActorSpec*> feeders;
  add_feeders(spec, actor, &feeders);
  return feeders;
}

std::optional<std::uint32_t> window_of(const ActorSpec& source) {
  for (const StreamSpec& stream : source.streams) {
    if (stream.options.has("max_in_flight")) {
      return static_cast<std::uint32_t>(stream.options.get_int("max_in_flight"));
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
    std::vector<const ActorSpec*> used;  // As feeders.
    for (const ActorSpec& actor : spec_.actors) {
      if (actor.model.empty()) {
        continue;
      }
      const std::vector<const ActorSpec*> feeders = present(feeders_of(spec_, actor));
      if (!feeders.empty()) {  // Else none of its streams has a copy yet.
        PENSTOCK_RETURN_IF_ERROR(add_station(actor, feeders));
        stations.push_back(&actor);
        used.insert(used.end(), feeders.begin(), feeders.end());
      }
    }
    if (stations.empty()) {
      return Error{Errc::kInvalidArgument,
                   "graph '" + spec_.name + "' runs no model: no device limits it"};
    }
    for (const ActorSpec* station : stations) {
      if (std::find(used.begin(), used.end(), station) == used.end()) {
        Topology::Node end;
        end.name = "end of " + station->name;
        end.kind = Topology::Kind::kSink;
        end.inputs.push_back(edge_from(place_.at(station->name), nullptr));
        add(std::move(end), {FitNode::Kind::kEnd, nullptr, {}});
      }
    }
    return std::move(graph_);
  }

 private:
  std::size_t add(Topology::Node node, FitNode what) {
    graph_.topology.nodes.push_back(std::move(node));
    graph_.nodes.push_back(std::move(what));
    return graph_.nodes.size() - 1;
  }

  /// Do its frames come to a model? Others are no matter of devices.
  [[nodiscard]] bool feeds_model(const ActorSpec& source) const {
    return std::any_of(spec_.actors.begin(), spec_.actors.end(), [&](const ActorSpec& actor) {
      const auto feeders =
          actor.model.empty() ? std::vector<const ActorSpec*>() : feeders_of(spec_, actor);
      return std::find(feeders.begin(), feeders.end(), &source) != feeders.end();
    });
  }

  void add_cameras(std::uint32_t streams) {
    std::vector<std::pair<const ActorSpec*, std::string>> originals;
    for (const ActorSpec& actor : spec_.actors) {
      if (!actor.streams.empty() && feeds_model(actor)) {
        for (const StreamSpec& stream : actor.streams) {
          originals.emplace_back(&actor, stream.name);
        }
      }
    }
    for (std::uint32_t i = 0; i < streams && !originals.empty(); ++i) {
      const auto& [source, name] = originals[i % originals.size()];
      const std::size_t round = i / originals.size();
      if (round == 0) {
        graph_.streams.push_back(name);
      }
      const std::string copy = round == 0 ? name : name + " " + std::to_string(round + 1);
      graph_.stream_of[copy] = i % originals.size();
      copies_[name].push_back(copy);
      cameras_of(*source).streams.push_back(copy);
    }
  }

  Topology::Node& cameras_of(const ActorSpec& source) {
    const auto known = place_.find(source.name);
    if (known != place_.end()) {
      return graph_.topology.nodes[known->second];
    }
    Topology::Node cameras;
    cameras.name = source.name;
    cameras.kind = Topology::Kind::kSource;
    cameras.live = true;
    cameras.waits = true;
    cameras.max_in_flight = window_of(source);
    place_[source.name] = add(std::move(cameras), {FitNode::Kind::kCameras, &source, {}});
    return graph_.topology.nodes.back();
  }

  [[nodiscard]] std::vector<const ActorSpec*> present(std::vector<const ActorSpec*> actors) const {
    actors.erase(
        std::remove_if(actors.begin(),
                       actors.end(),
                       [&](const ActorSpec* actor) { return !place_.contains(actor->name); }),
        actors.end());
    return actors;
  }

  Status add_station(const ActorSpec& actor, const std::vector<const ActorSpec*>& feeders) {
    const auto requests = requests_.find(actor.model);
    const ModelSpec* model = spec_.find_model(actor.model);
    if (requests == requests_.end() || model == nullptr) {
      return Error{Errc::kInvalidArgument,
                   "actor '" + actor.name + "': model '" + actor.model + "' was not loaded"};
    }
    const ActorSpec* maker = maker_of(spec_, actor);
    Topology::Node feed;
    feed.name = "inputs of " + actor.name;
    feed.per_stream = maker != nullptr && maker->scope == Scope::kPerStream;
    for (const ActorSpec* feeder : feeders) {
      feed.inputs.push_back(
          edge_from(place_.at(feeder->name), maker == nullptr ? nullptr : &maker->inputs.front()));
    }
    const std::size_t fed = add(std::move(feed), {FitNode::Kind::kFeed, &actor, {}});
    Topology::Node station;
    station.name = actor.name;
    station.kind = Topology::Kind::kStation;
    station.in_flight = requests->second * static_cast<std::uint32_t>(model->batch_size);
    station.inputs.push_back(
        edge_from(fed, actor.inputs.empty() ? nullptr : &actor.inputs.front()));
    FitNode what{FitNode::Kind::kStation, &actor, {}};
    for (const FlowSpec& flow : actor.flows) {
      for (const std::string& copy : copies_[flow.stream]) {
        what.flows.push_back({copy, flow.priority, flow.weight});
      }
    }
    place_[actor.name] = add(std::move(station), std::move(what));
    return {};
  }

  const GraphSpec& spec_;
  const RequestsOfModel& requests_;
  FitGraph graph_;
  std::map<std::string, std::size_t> place_;                // Of sources and stations.
  std::map<std::string, std::vector<std::string>> copies_;  // By the name of the original.
};

}  // namespace

Result<FitGraph> reduce_graph(const GraphSpec& spec,
                              const RequestsOfModel& requests,
                              std::uint32_t streams) {
  return Reducer(spec, requests).reduce(streams);
}

}  // namespace penstock
