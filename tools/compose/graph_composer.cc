#include "tools/compose/graph_composer.h"

#include <algorithm>
#include <cstddef>
#include <set>
#include <string>
#include <utility>

#include "engine/base/check.h"
#include "engine/plan/plan.h"
#include "tools/compose/picture_before.h"
#include "tools/compose/topology_builder.h"

namespace penstock {
namespace {

RestartRule rule_of(const RestartWords& words) {
  RestartRule rule;
  rule.forever = !words.max.has_value();
  rule.max = static_cast<std::uint32_t>(words.max.value_or(0));
  rule.within = words.within;
  rule.backoff_first = words.backoff_least;
  rule.backoff_limit = words.backoff_most;
  rule.then = words.then == RestartWords::Then::kStopGraph ? RestartRule::Then::kStopGraph
                                                           : RestartRule::Then::kStopStream;
  return rule;
}

std::size_t input_count(const ActorSpec& actor) {
  std::set<std::string> ports;
  for (const InputSpec& input : actor.inputs) {
    ports.insert(input.port);
  }
  return ports.size();
}

class Makers final : public NodeMakers {
 public:
  /// `plan` outlives the makers.
  Makers(const ComposeParts& parts, const Plan& plan) : parts_(parts), plan_(plan) {}

  NodeFactory node(std::size_t node, const std::string& stream) override {
    const ActorSpec& actor = parts_.spec->actors[node];
    const NodeMaker* maker = parts_.catalogue->find_node(actor.type->name());
    PENSTOCK_CHECK(maker != nullptr) << "checked by compose: " << actor.type->name();
    NodeArgs args;
    args.name = actor.name;
    args.graph = parts_.spec->name;
    args.stream = stream;
    args.inputs = input_count(actor);
    args.brings = actor.brings;
    args.label_tables = actor.label_tables;
    args.is_live = actor.live;
    args.is_simulated = follows(actor, [](const auto& model) { return model.simulated; });
    args.is_calibrated = follows(actor, [](const auto& model) { return model.calibrated; });
    if (const ActorSpec* station = station_near(actor); station != nullptr) {
      const ModelLoader::Loaded& model = parts_.models->at(*station);
      args.model_inputs = model.inputs;
      args.model_outputs = model.outputs;
      args.model_picture = picture_before(*parts_.spec, *station).value_or(Size2d());
    }
    return [maker, args, options = actor.options]() mutable {
      args.options = &options;
      auto made = (*maker)(args);
      ++args.attempt;
      return made;
    };
  }

  SourceWords source(std::size_t node, const std::string& stream) override {
    const ActorSpec& actor = parts_.spec->actors[node];
    const SourceMaker* maker = parts_.catalogue->find_source(actor.type->name());
    PENSTOCK_CHECK(maker != nullptr) << "checked by compose: " << actor.type->name();
    const auto found = std::find_if(actor.streams.begin(), actor.streams.end(), [&](const auto& s) {
      return s.name == stream;
    });
    PENSTOCK_CHECK(found != actor.streams.end()) << actor.name << " has no stream " << stream;
    SourceArgs args;
    args.name = actor.name;
    args.graph = parts_.spec->name;
    args.stream = stream;
    SourceWords words;
    const OptionValues& options = found->options;
    if (options.has("max_fps")) {
      words.max_fps = options.get_number("max_fps");
    }
    if (options.has("realtime")) {
      words.realtime = options.get_bool("realtime");
    }
    words.make = [maker, args, options = found->options]() mutable {
      args.options = &options;
      auto made = (*maker)(args);
      ++args.attempt;
      return made;
    };
    return words;
  }

  StationWords station(std::size_t node) override {
    const ActorSpec& actor = parts_.spec->actors[node];
    const ModelSpec* model = parts_.spec->find_model(actor.model);
    PENSTOCK_CHECK(model != nullptr) << "checked graph, actor " << actor.name;
    StationWords words;
    words.make = parts_.models->backend_of(actor, plan_);
    words.batch_size = static_cast<std::uint32_t>(model->batch_size);
    words.shares = parts_.models->shares_of(actor, plan_);
    words.batch_wait = model->batch_wait;
    words.batch_per_stream = static_cast<std::uint32_t>(model->batch_per_stream);
    return words;
  }

  RestartRule restart(std::size_t node) override {
    return rule_of(parts_.spec->actors[node].restart);
  }

 private:
  /// The actor that runs the model which `actor` feeds or reads: its other part, or the nearest one
  /// along its first inputs, or the one that takes its output.
  [[nodiscard]] const ActorSpec* station_near(const ActorSpec& actor) const {
    const auto& actors = parts_.spec->actors;
    for (const ActorSpec& other : actors) {
      const bool is_part = !actor.part_of.empty() && other.part_of == actor.part_of;
      const bool takes = std::any_of(other.inputs.begin(), other.inputs.end(), [&](const auto& in) {
        return in.from == actor.name;
      });
      if (!other.model.empty() && (is_part || takes)) {
        return &other;
      }
    }
    const ActorSpec* before = actor_before(*parts_.spec, actor);
    while (before != nullptr && before->model.empty()) {
      before = actor_before(*parts_.spec, *before);
    }
    return before;
  }

  /// Returns whether `is_such` of a model before `actor`.
  [[nodiscard]] bool follows(const ActorSpec& actor,
                             bool (*is_such)(const ModelLoader::Loaded& model)) const {
    return std::any_of(actor.inputs.begin(), actor.inputs.end(), [&](const InputSpec& input) {
      const ActorSpec* before = parts_.spec->find_actor(input.from);
      return before != nullptr &&
             ((!before->model.empty() && is_such(parts_.models->at(*before))) ||
              follows(*before, is_such));
    });
  }

  ComposeParts parts_;
  const Plan& plan_;
};

Status check_types(const ComposeParts& parts) {
  for (const ActorSpec& actor : parts.spec->actors) {
    const std::string& type = actor.type->name();
    const bool known = actor.type->is_source()
                           ? parts.catalogue->find_source(type) != nullptr
                           : !actor.model.empty() || parts.catalogue->find_node(type) != nullptr;
    if (!known) {
      return Error{Errc::kUnsupported,
                   "actor '" + actor.name + "': type '" + type +
                       "' has no class in this program; it takes one that adds it "
                       "(NodeCatalogue)"};
    }
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<GraphRun>> compose(const ComposeParts& parts) {
  PENSTOCK_RETURN_IF_ERROR(check_types(parts));
  RequestsOfModel requests;
  for (const ActorSpec& actor : parts.spec->actors) {
    if (!actor.model.empty()) {
      requests[actor.model] = std::max(requests[actor.model], parts.models->at(actor).requests);
    }
  }
  PENSTOCK_ASSIGN_OR_RETURN(const Topology topology, build_topology(*parts.spec, requests));
  PENSTOCK_ASSIGN_OR_RETURN(const Plan planned, plan(topology));
  Makers makers(parts, planned);
  return GraphRun::create(topology, planned, makers, *parts.clock);
}

}  // namespace penstock
