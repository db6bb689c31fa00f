#pragma once

#include <optional>

#include "engine/yaml/diagnostic.h"
#include "engine/yaml/source_text.h"
#include "engine/yaml/yaml_node.h"

namespace penstock {

/// Returns the tree of the one YAML document in `source`, or nothing when its syntax is broken.
///
/// What it refuses, each with a diagnostic at its place:
/// - E001: syntax; a tab in the indentation; bytes that are not UTF-8 text; a quote that is never
///   closed (yaml-cpp takes the end of the file for it); deeper than 64 levels; larger than 4 MiB.
/// - E002: a key given twice in one map. The first value stays in the tree.
/// - E003: `<<`, tags, anchors and aliases, keys that are not words, a second document. Anchors are
///   refused because a value would have two places, and parameters do what they are used for.
/// Octal numbers and `yes`/`no` are E003 too, but only where a number or a truth value is wanted:
/// `scalar.h` tells them apart.
///
/// An empty text is a null node. Never throws; bounded in depth and size on hostile input.
/// Cost: linear in the size of the text.
std::optional<YamlNode> read_yaml(const SourceText& source, Diagnostics& diagnostics);

}  // namespace penstock
