#include "tools/cli/known_types.h"

#include "engine/graph/builtin_words.h"

namespace penstock {

TypeRegistry make_registry() {
  TypeRegistry registry;
  register_language_types(registry);
  return registry;
}

}  // namespace penstock
