#pragma once

#include <optional>

#include "engine/package/package_info.h"
#include "engine/yaml/diagnostic.h"
#include "engine/yaml/source_text.h"

namespace penstock {

/// Returns what the manifest in `source` says, or nothing if it says anything wrong: all of it is
/// in `diagnostics`, each with its place, under the codes of the graph language.
///
/// E004 is a format version of later; E017 a name that is none, or twice; E018 a path that leaves
/// the package. Whether the files exist is for whoever has them.
/// Never throws; bounded on hostile input.
std::optional<PackageInfo> read_manifest(const SourceText& source, Diagnostics& diagnostics);

}  // namespace penstock
