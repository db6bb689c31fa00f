#pragma once

#include "engine/nodes/node_catalogue.h"

namespace penstock {

/// Registers the classes behind `preprocess` and behind the types of `register_builtin_types`.
void register_builtin_nodes(NodeCatalogue& catalogue);

}  // namespace penstock
