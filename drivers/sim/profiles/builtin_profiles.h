#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "drivers/sim/profiles/profile.h"
#include "engine/base/result.h"

namespace penstock::sim {

/// Returns the names of the profiles that the program carries: mx3, metis, aries.
const std::vector<std::string>& builtin_profile_names();

/// Returns the YAML text of a built-in profile; empty if there is none of that name.
std::string_view builtin_profile_text(std::string_view name);

/// Returns the profile that `word` means: a built-in one by name, or a file by its path (a word
/// with a slash, or one that ends in ".yaml").
/// Errors: `kNotFound`, naming the built-in ones; as `load_profile`.
Result<Profile> find_profile(const std::string& word);

}  // namespace penstock::sim
