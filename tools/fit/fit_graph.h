#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "engine/base/result.h"
#include "engine/graph/graph_spec.h"
#include "engine/plan/topology.h"
#include "tools/compose/topology_builder.h"

namespace penstock {

/// What a node of a reduced graph does.
struct FitNode {
  enum class Kind {
    kCameras,  ///< All streams.
    kFeed,     ///< Puts the model's inputs on the frame.
    kStation,
    kEnd,
  };
  Kind kind = Kind::kCameras;
  const ActorSpec* actor = nullptr;  ///< That runs the model, of feeds and stations.
};

/// A graph reduced to what a device sees of it: `nodes[i]` says what node `i` of `topology` does.
struct FitGraph {
  Topology topology;
  std::vector<FitNode> nodes;
};

/// Returns `spec` with all its models on `device`, pinned.
GraphSpec on_device(GraphSpec spec, const DeviceSpec& device);

/// Reduces a graph: `streams` live streams pass each actor that runs a model once, in the order of
/// the graph; what the host does between them takes no time. Windows, queues and drop words are the
/// graph's; what differs between its streams (weights, priorities, sources) is not kept.
/// `spec` outlives the result.
/// Errors: `kInvalidArgument` for a graph that runs no model, or a model without requests.
Result<FitGraph> reduce_graph(const GraphSpec& spec,
                              const RequestsOfModel& requests,
                              std::uint32_t streams);

}  // namespace penstock
