#include "tools/cli/known_types.h"

#include "drivers/media/nodes/media_types.h"
#include "engine/graph/builtin_words.h"
#include "engine/nodes/builtin_nodes.h"
#include "engine/nodes/builtin_types.h"
#include "tools/compose/driver_options.h"

namespace penstock {

TypeRegistry make_registry() {
  TypeRegistry registry;
  register_language_types(registry);
  register_builtin_types(registry);
  register_media_types(registry);
  register_driver_words(registry);
  return registry;
}

NodeCatalogue make_catalogue() {
  NodeCatalogue catalogue;
  register_builtin_nodes(catalogue);
  register_media_nodes(catalogue);
  return catalogue;
}

}  // namespace penstock
