#pragma once

#include <memory>

#include "engine/graph/type_registry.h"
#include "engine/nodes/node_catalogue.h"

namespace penstock {

/// The decoder `blazeface`: see `BlazefaceDecoder`.
ActorType blazeface_type();

/// Errors: as `BlazefaceDecoder::create`.
Result<std::unique_ptr<Node>> make_blazeface(const NodeArgs& args);

}  // namespace penstock
