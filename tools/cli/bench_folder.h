#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "engine/base/result.h"

namespace penstock {

/// A benchmark: a binary of its own, so that a peer's libraries are linked by it alone.
struct Bench {
  const char* name;
  const char* summary;
};

/// Returns all benchmarks there are, built or not.
const std::vector<Bench>& known_benches();

/// Returns those whose binary lies in `folder`.
std::vector<Bench> built_benches(const std::filesystem::path& folder);

/// Returns the binary of benchmark `name`.
/// Errors: `kInvalidArgument`, with the nearest name, for an unknown one; `kNotFound` if it is not
/// built.
Result<std::filesystem::path> find_bench(const std::filesystem::path& folder,
                                         const std::string& name);

}  // namespace penstock
