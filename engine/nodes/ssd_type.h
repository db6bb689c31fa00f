#pragma once

#include <memory>

#include "engine/graph/type_registry.h"
#include "engine/nodes/node_catalogue.h"

namespace penstock {

/// The decoder `ssd`: see `SsdDecoder`.
ActorType ssd_type();

/// Errors: as `SsdDecoder::create`.
Result<std::unique_ptr<Node>> make_ssd(const NodeArgs& args);

}  // namespace penstock
