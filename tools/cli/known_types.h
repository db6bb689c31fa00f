#pragma once

#include "engine/graph/type_registry.h"

namespace penstock {

/// Returns every type that this program knows: the language's own, and what engine and drivers
/// register. The one place where they are brought together.
TypeRegistry make_registry();

}  // namespace penstock
