#pragma once

#include <string>
#include <vector>

#include "engine/graph/option.h"
#include "engine/graph/type_registry.h"

namespace penstock {

/// The framework's own words, described like the options of actors, so that checking, help and
/// schema treat both alike.

/// One section of the file, or one kind of thing in it.
enum class WordSection { kGraph, kActor, kEdge, kModel, kDevice, kDefaults, kRuntime };

/// Words of an entry of `models:` besides `preprocess`, `postprocess` and what drivers add.
const std::vector<Option>& model_words();

/// Words of an entry of `devices:` besides what its type adds.
const std::vector<Option>& device_words();

/// Words of `defaults:` and of `runtime:`.
const std::vector<Option>& default_words();
const std::vector<Option>& runtime_words();

/// Words of every actor besides `type` and `in`.
const std::vector<Option>& actor_words();

/// Words of an edge in its long form `{from: ..., queue: ..., drop: ...}`.
const std::vector<Option>& edge_words();

/// Words of an entry of `params:` besides `default`.
const std::vector<Option>& parameter_words();

/// Words that the design has and this version has not: E004, never silently ignored.
const std::vector<std::string>& later_words(WordSection section);

/// The top-level words of a graph file, in the order of the documentation.
const std::vector<std::string>& top_level_words();

/// Registers what the language itself speaks of: the actor types `infer` (expands to three actors)
/// and `preprocess` (what `preprocess:` of a model stands for), and the device word `auto`.
void register_language_types(TypeRegistry& registry);

}  // namespace penstock
