#pragma once

#include "engine/graph/type_registry.h"
#include "engine/nodes/node_catalogue.h"

namespace penstock {

/// What this program knows, named in one place.

/// Returns every type that graphs may use: the language's own, and what engine and drivers
/// register.
TypeRegistry make_registry();

/// Returns the classes behind the actor types.
NodeCatalogue make_catalogue();

}  // namespace penstock
