#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "engine/base/clock.h"
#include "engine/base/result.h"
#include "engine/graph/graph_spec.h"
#include "engine/nodes/node_catalogue.h"
#include "engine/run/graph_run.h"
#include "tools/compose/model_loader.h"

namespace penstock {

/// What a graph is composed of: all of it outlives the run.
struct ComposeParts {
  const GraphSpec* spec = nullptr;
  const NodeCatalogue* catalogue = nullptr;
  ModelLoader* models = nullptr;  ///< With the models of `spec` loaded.
  const Clock* clock = nullptr;
};

/// Brings a checked graph to the point of running: plans it, and puts the catalogue's classes and
/// the loaded models behind its names. Errors: `kUnsupported` for an actor type that the catalogue
/// lacks; of `build_topology`, `plan` and `GraphRun::create`.
Result<std::unique_ptr<GraphRun>> compose(const ComposeParts& parts);

}  // namespace penstock
