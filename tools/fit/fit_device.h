#pragma once

#include <string>
#include <utility>
#include <vector>

#include "engine/base/result.h"
#include "engine/graph/graph_spec.h"

namespace penstock {

/// Returns `spec` with simulated devices only, for a run in virtual time.
///
/// Each of `wanted` is "sim:PROFILE", on which all models run then, or "NAME=sim:PROFILE", which
/// plays the graph's device NAME; others stay where the graph puts them. Of the graph's own
/// simulated devices all words hold but faults and computing. A second choice that is not simulated
/// is left out: without faults, no frame goes there.
/// Errors: `kInvalidArgument` for a word of another form, a device that the graph does not use, or
/// a model whose device is not simulated; it says which words would do.
Result<GraphSpec> on_simulated_devices(GraphSpec spec, const std::vector<std::string>& wanted);

/// Returns the devices that models of `spec` use, with what they are: ("npu", "sim:mx3").
std::vector<std::pair<std::string, std::string>> devices_in_use(const GraphSpec& spec);

}  // namespace penstock
