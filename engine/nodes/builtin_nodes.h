#pragma once

#include "engine/nodes/node_catalogue.h"

namespace penstock {

/// Registers the classes behind `preprocess` and behind the types of `register_builtin_types`, but
/// for `app_source` and `app_sink`: an application registers those with its ports
/// (`register_app_nodes`).
void register_builtin_nodes(NodeCatalogue& catalogue);

}  // namespace penstock
