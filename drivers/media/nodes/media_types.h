#pragma once

#include "engine/graph/type_registry.h"
#include "engine/nodes/node_catalogue.h"

namespace penstock {

/// Registers `video_source`, `overlay`, `video_sink` and `image_sink` with their options.
void register_media_types(TypeRegistry& registry);

/// Registers the classes behind them.
void register_media_nodes(NodeCatalogue& catalogue);

}  // namespace penstock
