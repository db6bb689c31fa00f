#pragma once

#include <string>

#include "engine/package/package.h"

namespace penstock {

/// What `penstock models inspect` says about a package with a manifest.
std::string package_report_text(const Package& package);

/// One line: `{"file","identity","name","notes","networks":[{"name","labels","notes","variants":
/// [{"name","model","preprocess","postprocess","modes","inputs","outputs","needs"}]}],"files":
/// [{"path","bytes","sha256"}]}`; open extents are -1, a scale that nobody knows is null.
std::string package_report_json(const Package& package);

}  // namespace penstock
