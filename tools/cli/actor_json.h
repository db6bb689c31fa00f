#pragma once

#include <string>

#include "engine/graph/type_registry.h"

namespace penstock {

/// Returns one line: `{"name","help","kind","scope","inputs":[{"name","needs","optional"}],
/// "outputs":[{"name","adds","fresh"}],"options":[{"name","help","kind","required","default",
/// "least","most","unit","words","fields"}]}`. What an option does not have is left out; limits of
/// durations are in nanoseconds, `default` is YAML.
std::string actor_json(const ActorType& type);

/// Returns one line: `{"actors":[...]}`, each as above.
std::string actor_list_json(const TypeRegistry& registry);

}  // namespace penstock
