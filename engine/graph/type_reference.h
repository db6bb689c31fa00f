#pragma once

#include <string>
#include <vector>

#include "engine/graph/option.h"
#include "engine/graph/type_registry.h"

namespace penstock {

/// Help and reference, made from the registry, so that they cannot differ from what is checked.

/// Returns the list of actor types for people, one line each: sources, then what works, decoders,
/// sinks.
std::string actor_list_text(const TypeRegistry& registry);

/// Returns what `penstock actors NAME` prints: what it does, its ports, its options with type,
/// unit, range, default and help, and an example.
std::string actor_help_text(const ActorType& type);

/// Returns the reference of all types, devices and sections in Markdown, for `docs/`.
std::string reference_markdown(const TypeRegistry& registry);

/// Returns one line of `option` for people: "  score  number, 0 to 1, default 0.25: smallest
/// score".
std::string option_text(const Option& option, std::size_t indent);

/// Returns an entry of `actors:` for `type` with its required options: "x: {type: ssd, in: a,
/// ...}".
std::string actor_example(const ActorType& type);

}  // namespace penstock
