#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/graph/graph_spec.h"
#include "engine/graph/type_registry.h"
#include "engine/yaml/diagnostic.h"
#include "engine/yaml/yaml_node.h"

namespace penstock {

/// What the readers of a graph file hand to its checkers: everything that was written, as far as it
/// made sense. `sound` is false where something was already reported, so that nobody builds on it.

/// An edge whose producer is still the text that the user wrote.
struct EdgeDraft {
  std::string port;  ///< Empty = the consumer's first port.
  SourcePlace port_place;
  std::string target;  ///< "actor" or "actor.port".
  SourcePlace place;
  std::int64_t queue = 4;
  DropPolicy drop = DropPolicy::kNone;
  bool queue_is_written = false;
  bool drop_is_written = false;
};

/// What an actor says about how its frames are served, where it says it.
struct FlowDraft {
  std::optional<Priority> priority;
  std::optional<double> weight;
  OptionValues weights;  ///< By stream, each with the place of its key.
};

struct ActorDraft {
  ActorSpec spec;  ///< Without inputs, `serves`, `live`, `arrives`.
  bool sound = true;
  std::vector<EdgeDraft> edges;
  bool edges_sound = true;
  bool has_in = false;
  SourcePlace in_place;
  SourcePlace model_place;
  FlowDraft flow;
};

struct ModelDraft {
  ModelSpec spec;
  bool sound = true;
  bool has_preprocess = false;
  OptionValues preprocess;
  SourcePlace preprocess_place;
  const ActorType* decoder = nullptr;
  OptionValues postprocess;
  SourcePlace decode_place;
  std::vector<SourcePlace> device_places;  ///< One an entry of `spec.devices`.
  bool is_unreadable = false;              ///< Its file; reported.
  bool is_fed_otherwise = false;           ///< Some of its tensors come from no `preprocess`.
  bool used = false;
};

struct DeviceDraft {
  DeviceSpec spec;
  bool sound = true;
  bool used = false;
};

/// The values of `defaults:`.
struct GraphDefaults {
  std::int64_t queue = 4;
  DropPolicy drop = DropPolicy::kNone;
  RestartWords restart;
  std::string device = "auto";
};

struct GraphDraft {
  std::string name;
  GraphDefaults defaults;
  std::int64_t workers = 0;
  SchedulerWords scheduler;
  std::vector<DeviceDraft> devices;
  std::vector<ModelDraft> models;
  std::vector<ActorDraft> actors;
};

/// Returns the element of `list` whose spec has that name; nullptr if there is none.
template <class Draft>
Draft* find_draft(std::vector<Draft>& list, std::string_view name) {
  for (Draft& draft : list) {
    if (draft.spec.name == name) {
      return &draft;
    }
  }
  return nullptr;
}

}  // namespace penstock
