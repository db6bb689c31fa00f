#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
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
    kCameras,  ///< Copies of the streams of one source.
    kFeed,     ///< Puts the model's inputs on the frame.
    kStation,
    kEnd,
  };
  Kind kind = Kind::kCameras;
  const ActorSpec* actor = nullptr;  ///< The source, or what runs the model, of feeds and stations.
  std::vector<FlowSpec> flows;       ///< Of stations: one for each copy of a stream.
};

/// A graph reduced to what devices see of it: `nodes[i]` says what node `i` of `topology` does.
struct FitGraph {
  Topology topology;
  std::vector<FitNode> nodes;
  std::vector<std::string> streams;              ///< Of the graph, that have copies.
  std::map<std::string, std::size_t> stream_of;  ///< Index in `streams`, by the name of a copy.
};

/// Reduces a graph: `streams` live streams, copies of the graph's own taken in turn, each pass the
/// actors that run a model for their original once, in the order of the graph; what the host does
/// between them takes no time. Windows, queues, drop words, weights and priorities are the graph's.
/// `spec` outlives the result.
/// Errors: `kInvalidArgument` for a graph that runs no model, or a model without requests.
Result<FitGraph> reduce_graph(const GraphSpec& spec,
                              const RequestsOfModel& requests,
                              std::uint32_t streams);

}  // namespace penstock
