#include "tools/compose/picture_before.h"

#include "engine/graph/type_registry.h"

namespace penstock {

const ActorSpec* actor_before(const GraphSpec& spec, const ActorSpec& actor) {
  return actor.inputs.empty() ? nullptr : spec.find_actor(actor.inputs.front().from);
}

std::optional<Size2d> picture_before(const GraphSpec& spec, const ActorSpec& station) {
  const ActorSpec* maker = actor_before(spec, station);
  if (maker == nullptr || !maker->type->does_preprocess()) {
    return std::nullopt;
  }
  for (const char* word : {"letterbox", "resize"}) {
    if (maker->options.has(word)) {
      return maker->options.get_size(word);
    }
  }
  return std::nullopt;
}

}  // namespace penstock
