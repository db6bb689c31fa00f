#pragma once

#include <string>
#include <vector>

#include "engine/graph/option.h"

namespace penstock {

/// The framework's own words of an actor; no option may have these names at its top level, because
/// options are flat.
const std::vector<std::string>& reserved_words();

/// Ends the process if `options` of `owner` break the rules of registration: each has a name, a
/// help text, a name of its own that is not reserved, and a default that passes its own check.
void check_option_rules(const std::vector<Option>& options, const std::string& owner);

}  // namespace penstock
