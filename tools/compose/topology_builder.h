#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "engine/base/result.h"
#include "engine/graph/graph_spec.h"
#include "engine/plan/topology.h"

namespace penstock {

/// How many requests of each model are in flight at once, by the name of the model.
using RequestsOfModel = std::map<std::string, std::uint32_t>;

/// Returns what a full queue does with frames, as the word says it.
Overflow overflow_of(DropPolicy drop);

/// Returns what `spec` says about flow, for `plan`. Pure; node `i` is `spec.actors[i]`.
///
/// The kind of a node comes from the traits of its type, its ports become their indexes (of a join,
/// whose inputs the user names, the order in which they are written). A station holds requests
/// times batch frames. Queue and drop words that come from `defaults:` do not keep nodes apart:
/// only those written at the edge do.
/// Errors: `kInvalidArgument` if `requests` lacks a model that an actor runs; `kUnsupported` for a
/// source with both live and lossless streams, or with different `max_in_flight`: a window's kind
/// belongs to the whole source.
Result<Topology> build_topology(const GraphSpec& spec, const RequestsOfModel& requests);

}  // namespace penstock
