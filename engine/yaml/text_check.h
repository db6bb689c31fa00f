#pragma once

#include "engine/yaml/diagnostic.h"
#include "engine/yaml/source_text.h"

namespace penstock {

/// True if `source` is text that a YAML parser may be given; otherwise E001 at the first bad byte.
///
/// yaml-cpp replaces broken UTF-8 in silence, takes byte 0x04 for the end of the file and counts no
/// line at a lone carriage return, so all three are refused before it sees them.
bool check_text(const SourceText& source, Diagnostics& diagnostics);

}  // namespace penstock
