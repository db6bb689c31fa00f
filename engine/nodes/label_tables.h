#pragma once

#include <string>
#include <vector>

#include "engine/frame/results.h"

namespace penstock {

/// Returns the table of these labels, which lives as long as the process; nullptr for no labels.
///
/// Results point to their table without owning it, and an application may keep frames longer than
/// the run, and longer than the node that was restarted. So tables are never destroyed; equal ones
/// are one, so that restarts and graphs that come and go do not add to them.
/// Thread-safety: any thread. Cost: a comparison of the texts; for set-up only.
const LabelTable* intern_labels(const std::vector<std::string>& names);

}  // namespace penstock
