#pragma once

#include <string>

#include "engine/graph/option_values.h"
#include "engine/graph/type_registry.h"

namespace penstock::testing {

/// Returns the options of `type` as the checker reads them from `yaml`, defaults filled in.
/// Pre: they pass; label files are not looked at, lists of labels are.
OptionValues options_of(const ActorType& type, const std::string& yaml = "{}");

/// Likewise, for types of a registry ("preprocess").
OptionValues options_of(const TypeRegistry& registry,
                        const std::string& type,
                        const std::string& yaml = "{}");

}  // namespace penstock::testing
