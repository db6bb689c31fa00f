#pragma once

#include <string>

#include "engine/graph/type_registry.h"

namespace penstock {

/// Returns the JSON schema (2020-12) of a graph file, for editors, made from the registry:
/// sections, actor types with their options, models, decoders, devices.
///
/// It is looser than the checker where JSON schema cannot say it (who feeds whom, labels, files),
/// and lets `$(...)` stand wherever a value is wanted.
std::string graph_schema(const TypeRegistry& registry);

}  // namespace penstock
