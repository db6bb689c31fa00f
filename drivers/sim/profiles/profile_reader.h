#pragma once

#include <optional>
#include <set>
#include <string>

#include "drivers/sim/profiles/profile.h"
#include "engine/base/result.h"
#include "engine/yaml/diagnostic.h"
#include "engine/yaml/source_text.h"

namespace penstock::sim {

/// Reads a profile; reports all that is wrong with file, line and column (E001 to E003 of the text
/// itself, E010 to E013 of keys and values). Returns nothing if anything is.
std::optional<Profile> read_profile(const SourceText& source, Diagnostics& diagnostics);

/// Reads the file at `path`.
/// Errors: as `SourceText::from_file`; `kInvalidArgument` with every diagnostic on one line.
Result<Profile> load_profile(const std::string& path);

/// As `load_profile`, of a text at hand.
Result<Profile> parse_profile(const SourceText& source);

/// Returns the path of every key that the reader knows ("clock.steps", "modes.frames"): what
/// `schema.json` must say too.
std::set<std::string> profile_keys();

/// Returns diagnostics as one line: "FILE:3:7: error[E013]: ...; ...".
std::string one_line(const Diagnostics& diagnostics);

}  // namespace penstock::sim
