#pragma once

#include <filesystem>

#include "engine/base/result.h"
#include "engine/package/archive.h"

namespace penstock {

class Package;

/// Unpacks the zip archive `package` into the folder of `cache` that is named after its identity,
/// unless it is there already; returns that folder.
///
/// The folder is filled under a name of its own and renamed when whole, so that whoever sees it
/// sees all of it; of two processes one wins, and the other takes what it finds. A folder whose
/// files do not have the package's sizes and hashes is moved away and replaced. Errors: `kCorrupt`
/// if the archive no longer holds what `package` says; `kUnavailable` if `cache` cannot be written.
Result<std::filesystem::path> unpack_into_cache(const Package& package,
                                                const PackageLimits& limits,
                                                const std::filesystem::path& cache);

}  // namespace penstock
