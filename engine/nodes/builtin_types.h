#pragma once

#include "engine/graph/type_registry.h"

namespace penstock {

/// Registers the actor types that need no library: decoders, `letterbox`, `resize`, `convert`,
/// `normalize`, `tracker`, `filter`, `sample`, `jsonl_sink`, `console`, `discard`, `test_source`,
/// `app_source` and `app_sink`, with their options. `preprocess` and `infer` are the language's own
/// (`register_language_types`).
void register_builtin_types(TypeRegistry& registry);

}  // namespace penstock
