#pragma once

#include <optional>

#include "engine/graph/graph_spec.h"
#include "engine/graph/option_values.h"

/// What is in front of an actor that runs a model.
namespace penstock {

/// Returns the actor that feeds the first input of `actor`; null where it has none.
const ActorSpec* actor_before(const GraphSpec& spec, const ActorSpec& actor);

/// Returns the size of the pictures that `station` gets from the `preprocess` before it; nothing
/// where there is none, or it leaves the size to the model.
std::optional<Size2d> picture_before(const GraphSpec& spec, const ActorSpec& station);

}  // namespace penstock
