#pragma once

#include <string>

#include "engine/package/package_info.h"

namespace penstock {

/// Returns the manifest that says `info`: `read_manifest` gives the same back, if all of it is
/// valid (names, paths, UTF-8). Equal values give equal text.
std::string manifest_text(const PackageInfo& info);

}  // namespace penstock
