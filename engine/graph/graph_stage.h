#pragma once

#include <string>

#include "engine/graph/carried_results.h"
#include "engine/graph/graph_draft.h"
#include "engine/graph/graph_spec.h"
#include "engine/graph/option_values.h"
#include "engine/graph/type_registry.h"
#include "engine/yaml/diagnostic.h"

namespace penstock {

/// One actor of the expanded graph, as its consumers see it: a whole actor of the file, or the
/// `.pre`, `.infer` or `.post` of one.
struct GraphStage {
  std::string name;
  std::string part;
  const ActorType* type = nullptr;
  PayloadSet before;                  ///< What a frame carries when it comes in.
  CarriedResults results;             ///< Of what it carries when it leaves.
  const ModelDraft* model = nullptr;  ///< Of a stage that runs one.
  bool preprocess_is_sound = false;   ///< Of a stage that preprocesses.
  OptionValues options;
  SourcePlace place;
};

/// Returns what a frame carries that leaves the stage by `port`; of a stage that has no such port,
/// by its first.
PayloadSet carries(const GraphStage& stage, const std::string& port);

}  // namespace penstock
