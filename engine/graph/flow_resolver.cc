#include "engine/graph/flow_resolver.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <set>
#include <string>

#include "engine/yaml/nearest_word.h"

namespace penstock {
namespace {

using Words = std::vector<std::string>;

/// Frames of a live stream that are in flight unless its source says otherwise.
constexpr std::int64_t kLiveWindow = 2;
constexpr std::int64_t kUnlimited = std::numeric_limits<std::int64_t>::max();

const std::string& written_name(const ActorSpec& actor) {
  return actor.part_of.empty() ? actor.name : actor.part_of;
}

template <class Draft>
const Draft* find_in(const std::vector<Draft>& list, const std::string& name) {
  const auto found = std::find_if(
      list.begin(), list.end(), [&](const Draft& draft) { return draft.spec.name == name; });
  return found == list.end() ? nullptr : &*found;
}

/// The actors that run models, with what the file says about them.
struct Station {
  ActorSpec* spec = nullptr;
  const ActorDraft* draft = nullptr;
  const ModelDraft* model = nullptr;
};

std::vector<Station> stations_of(const GraphDraft& draft, std::vector<ActorSpec>& actors) {
  std::vector<Station> stations;
  for (ActorSpec& actor : actors) {
    if (actor.type->does_run_model()) {
      const ActorDraft* written = find_in(draft.actors, written_name(actor));
      const ModelDraft* model = find_in(draft.models, actor.model);
      if (written != nullptr && model != nullptr) {
        stations.push_back({&actor, written, model});
      }
    }
  }
  return stations;
}

const ActorDraft* source_of(const GraphDraft& draft, const std::string& stream) {
  for (const ActorDraft& actor : draft.actors) {
    for (const StreamSpec& own : actor.spec.streams) {
      if (own.name == stream) {
        return &actor;
      }
    }
  }
  return nullptr;
}

void check_streams(const ActorDraft& actor, const Words& streams, Diagnostics& diagnostics) {
  for (const std::string& stream : actor.flow.weights.names()) {
    if (std::find(streams.begin(), streams.end(), stream) == streams.end()) {
      const std::string near = did_you_mean(stream, streams);
      diagnostics.error("E033",
                        actor.flow.weights.place(stream),
                        "no stream '" + stream + "' passes actor '" + actor.spec.name + "'",
                        !near.empty()     ? near
                        : streams.empty() ? ""
                                          : one_of(streams));
    }
  }
}

/// Lays what `flow` says about `stream` over `spec`.
void overlay(const FlowDraft& flow, FlowSpec& spec) {
  spec.priority = flow.priority.value_or(spec.priority);
  spec.weight = flow.weight.value_or(spec.weight);
  if (flow.weights.has(spec.stream)) {
    spec.weight = flow.weights.get_number(spec.stream);
  }
}

std::int64_t window_of(const StreamSpec& stream) {
  if (stream.options.has("max_in_flight")) {
    return stream.options.get_int("max_in_flight");
  }
  return stream.live ? kLiveWindow : kUnlimited;
}

std::int64_t saturated_sum(std::int64_t a, std::int64_t b) {
  return a == kUnlimited || b == kUnlimited ? kUnlimited : a + b;
}

/// Counts the frames that may be on their way to a model at once.
class FrameCount {
 public:
  explicit FrameCount(const std::vector<ActorSpec>& actors) {
    for (const ActorSpec& actor : actors) {
      bool multiplies = !actor.type->is_source() && gives_new_frames(*actor.type);
      for (const InputSpec& input : actor.inputs) {
        multiplies = multiplies || multiplied_[input.from];
      }
      multiplied_[actor.name] = multiplies;  // producers come before their consumers
      for (const StreamSpec& stream : actor.streams) {
        windows_[stream.name] = window_of(stream);
      }
    }
  }

  /// `kUnlimited` where nothing bounds it, or nobody can tell.
  [[nodiscard]] std::int64_t at(const ActorSpec& actor) const {
    if (multiplied_.at(actor.name)) {
      return kUnlimited;
    }
    std::int64_t sum = 0;
    for (const std::string& stream : actor.serves) {
      const auto found = windows_.find(stream);
      sum = saturated_sum(sum, found == windows_.end() ? kUnlimited : found->second);
    }
    return sum;
  }

 private:
  static bool gives_new_frames(const ActorType& type) {
    return std::any_of(type.outputs().begin(), type.outputs().end(), [](const OutPort& port) {
      return port.fresh;
    });
  }

  std::map<std::string, bool> multiplied_;
  std::map<std::string, std::int64_t> windows_;
};

struct Bound {
  std::int64_t in_flight = 0;
  std::set<std::string> streams;
};

void check_batch(const ModelDraft& model, const Bound& bound, Diagnostics& diagnostics) {
  const ScheduleKnobs& knobs = model.spec.knobs;
  const std::int64_t most = std::min(bound.in_flight, knobs.ifmap_queue_size);
  const std::string rule =
      most < bound.in_flight ? "'ifmap_queue_size' lets " + std::to_string(most) + " wait"
                             : std::to_string(bound.streams.size()) +
                                   (bound.streams.size() == 1 ? " stream has " : " streams have ") +
                                   std::to_string(most) + " frames in flight at most";
  const std::string hint =
      most < bound.in_flight ? "raise 'ifmap_queue_size'" : "raise 'max_in_flight' of the sources";
  if (model.spec.batch_size > most) {
    diagnostics.error(
        "E052",
        model.spec.options.get_object("batch").place("size"),
        "a batch of " + std::to_string(model.spec.batch_size) + " never fills: " + rule,
        hint + ", or make the batch smaller");
  }
  const auto streams = static_cast<std::int64_t>(bound.streams.size());
  const std::int64_t per_stream = model.spec.batch_per_stream;
  if (per_stream > 0 && per_stream < model.spec.batch_size &&
      model.spec.batch_size > per_stream * streams) {
    diagnostics.error("E052",
                      model.spec.options.get_object("batch").place("per_stream"),
                      "a batch of " + std::to_string(model.spec.batch_size) + " never fills: " +
                          std::to_string(streams) + (streams == 1 ? " stream" : " streams") +
                          " of which it takes " + std::to_string(per_stream) + " each",
                      "raise 'per_stream', or make the batch smaller");
  }
  if (model.spec.options.is_written("ofmap_queue_size") &&
      knobs.ofmap_queue_size < model.spec.batch_size) {
    const std::string size = std::to_string(model.spec.batch_size);
    diagnostics.warning("E052",
                        model.spec.options.place("ofmap_queue_size"),
                        "'ofmap_queue_size' of " + std::to_string(knobs.ofmap_queue_size) +
                            " is less than a batch of " + size +
                            ", whose results come at once: it acts as " + size,
                        "raise 'ofmap_queue_size', or make the batch smaller");
  }
  // One batch at least is at the device beside those that wait.
  if (knobs.drop != DropPolicy::kNone &&
      bound.in_flight <= knobs.ifmap_queue_size + model.spec.batch_size) {
    diagnostics.warning("E052",
                        model.spec.options.place("drop"),
                        "'drop' never drops a frame: 'ifmap_queue_size' lets " +
                            std::to_string(knobs.ifmap_queue_size) + " wait, and " +
                            std::to_string(streams) +
                            (streams == 1 ? " stream has " : " streams have ") +
                            std::to_string(bound.in_flight) + " frames in flight at most",
                        "raise 'max_in_flight' of the sources, or lower 'ifmap_queue_size'");
  }
  if (knobs.min_frames > most) {
    diagnostics.error(
        "E052",
        model.spec.options.place("min_frames"),
        "'min_frames' of " + std::to_string(knobs.min_frames) + " is never reached: " + rule,
        hint + ", or lower 'min_frames'");
  }
}

}  // namespace

void resolve_flows(const GraphDraft& draft,
                   std::vector<ActorSpec>& actors,
                   Diagnostics& diagnostics) {
  for (const ActorDraft& actor : draft.actors) {
    if (actor.spec.type != nullptr && actor.spec.type->is_source()) {
      Words own;
      for (const StreamSpec& stream : actor.spec.streams) {
        own.push_back(stream.name);
      }
      check_streams(actor, own, diagnostics);
    }
  }
  for (const Station& station : stations_of(draft, actors)) {
    check_streams(*station.draft, station.spec->serves, diagnostics);
    for (const std::string& stream : station.spec->serves) {
      const ScheduleKnobs& knobs = station.model->spec.knobs;
      FlowSpec flow{stream, knobs.priority, knobs.weight};
      if (const ActorDraft* source = source_of(draft, stream); source != nullptr) {
        overlay(source->flow, flow);
      }
      overlay(station.draft->flow, flow);
      station.spec->flows.push_back(std::move(flow));
    }
  }
}

void check_batches(const GraphDraft& draft,
                   const std::vector<ActorSpec>& actors,
                   Diagnostics& diagnostics) {
  const FrameCount frames(actors);
  std::map<std::string, Bound> bounds;
  for (const ActorSpec& actor : actors) {
    if (actor.type->does_run_model()) {
      Bound& bound = bounds[actor.model];
      bound.in_flight = saturated_sum(bound.in_flight, frames.at(actor));
      bound.streams.insert(actor.serves.begin(), actor.serves.end());
    }
  }
  for (const ModelDraft& model : draft.models) {
    const auto bound = bounds.find(model.spec.name);
    if (bound != bounds.end() && model.sound) {
      check_batch(model, bound->second, diagnostics);
    }
  }
}

}  // namespace penstock
