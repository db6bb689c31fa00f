#pragma once

#include "engine/graph/type_registry.h"
#include "engine/nodes/node_catalogue.h"

namespace penstock {

/// Returns every type that this program knows: the language's own, and what engine, drivers and
/// `tools/compose` register. The one place where they are brought together.
TypeRegistry make_registry();

/// Returns the classes behind the actor types.
NodeCatalogue make_catalogue();

}  // namespace penstock
