#include "tools/compose/topology_builder.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "engine/base/check.h"
#include "engine/graph/type_registry.h"

namespace penstock {
namespace {

Topology::Kind kind_of(const ActorType& type) {
  if (type.is_source()) {
    return Topology::Kind::kSource;
  }
  if (type.does_run_model()) {
    return Topology::Kind::kStation;
  }
  return type.is_sink() ? Topology::Kind::kSink : Topology::Kind::kStep;
}

/// Equal exactly for equal words.
std::string restart_key(const RestartWords& words) {
  return (words.max.has_value() ? std::to_string(*words.max) : "ever") + " in " +
         std::to_string(words.within.count()) + " after " +
         std::to_string(words.backoff_least.count()) + ".." +
         std::to_string(words.backoff_most.count()) +
         (words.then == RestartWords::Then::kStopGraph ? " else graph" : " else stream");
}

template <class Port>
std::optional<std::size_t> index_of(const std::vector<Port>& ports, const std::string& name) {
  for (std::size_t i = 0; i < ports.size(); ++i) {
    if (ports[i].name == name) {
      return i;
    }
  }
  return std::nullopt;
}

/// A part of an expanded actor has ports of its own; the name is then one of the whole actor's, and
/// means the part's only output.
std::size_t out_index(const ActorType& type, const std::string& port) {
  return index_of(type.outputs(), port).value_or(0);
}

std::size_t in_index(const ActorSpec& actor, const std::string& port) {
  if (const auto declared = index_of(actor.type->inputs(), port)) {
    return *declared;
  }
  std::vector<std::string> named;
  for (const InputSpec& input : actor.inputs) {
    if (input.port == port) {
      break;
    }
    if (std::find(named.begin(), named.end(), input.port) == named.end()) {
      named.push_back(input.port);
    }
  }
  return actor.type->takes_any_input() ? named.size() : 0;
}

std::size_t actor_index(const GraphSpec& spec, const std::string& name) {
  const auto found = std::find_if(
      spec.actors.begin(), spec.actors.end(), [&](const ActorSpec& a) { return a.name == name; });
  PENSTOCK_CHECK(found != spec.actors.end()) << "checked graph without actor '" << name << "'";
  return static_cast<std::size_t>(found - spec.actors.begin());
}

Topology::Input input_of(const GraphSpec& spec, const ActorSpec& actor, const InputSpec& input) {
  Topology::Input result;
  result.from = actor_index(spec, input.from);
  result.from_port = out_index(*spec.actors[result.from].type, input.from_port);
  result.to_port = in_index(actor, input.port);
  result.default_queue = static_cast<std::uint32_t>(input.queue);
  result.default_overflow = overflow_of(input.drop);
  if (input.queue_is_written) {
    result.queue = result.default_queue;
  }
  if (input.drop_is_written) {
    result.overflow = result.default_overflow;
  }
  return result;
}

std::optional<std::uint32_t> written_window(const StreamSpec& stream) {
  if (!stream.options.has("max_in_flight")) {
    return std::nullopt;
  }
  return static_cast<std::uint32_t>(stream.options.get_int("max_in_flight"));
}

Status add_streams(const ActorSpec& actor, Topology::Node* node) {
  for (const StreamSpec& stream : actor.streams) {
    const StreamSpec& first = actor.streams.front();
    if (stream.live != first.live) {
      return Error{Errc::kUnsupported,
                   "source '" + actor.name + "': stream '" + first.name + "' is " +
                       (first.live ? "live" : "lossless") + " and '" + stream.name +
                       "' is not; give the live ones a source of their own"};
    }
    if (written_window(stream) != written_window(first)) {
      return Error{Errc::kUnsupported,
                   "source '" + actor.name + "': max_in_flight differs between streams '" +
                       first.name + "' and '" + stream.name +
                       "'; give them a source each, or write it at the source"};
    }
    node->streams.push_back(stream.name);
    node->live = stream.live;
    node->max_in_flight = written_window(stream);
  }
  return {};
}

Status add_requests(const GraphSpec& spec,
                    const ActorSpec& actor,
                    const RequestsOfModel& requests,
                    Topology::Node* node) {
  const auto found = requests.find(actor.model);
  if (found == requests.end()) {
    return Error{Errc::kInvalidArgument,
                 "actor '" + actor.name + "': nobody said how many requests model '" + actor.model +
                     "' has"};
  }
  const ModelSpec* model = spec.find_model(actor.model);
  PENSTOCK_CHECK(model != nullptr) << "checked graph without model '" << actor.model << "'";
  node->in_flight = found->second * static_cast<std::uint32_t>(model->batch_size);
  return {};
}

}  // namespace

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

Result<Topology> build_topology(const GraphSpec& spec, const RequestsOfModel& requests) {
  Topology topology;
  topology.graph = spec.name;
  for (const ActorSpec& actor : spec.actors) {
    Topology::Node node;
    node.name = actor.name;
    node.kind = kind_of(*actor.type);
    node.per_stream = actor.scope == Scope::kPerStream;
    node.waits = actor.type->does_wait();
    node.restart = restart_key(actor.restart);
    node.holds = static_cast<std::uint32_t>(actor.type->held_frames());
    node.outputs = std::max<std::size_t>(actor.type->outputs().size(), 1);
    PENSTOCK_RETURN_IF_ERROR(add_streams(actor, &node));
    if (node.kind == Topology::Kind::kStation) {
      PENSTOCK_RETURN_IF_ERROR(add_requests(spec, actor, requests, &node));
    }
    for (const InputSpec& input : actor.inputs) {
      node.inputs.push_back(input_of(spec, actor, input));
    }
    topology.nodes.push_back(std::move(node));
  }
  return topology;
}

}  // namespace penstock
