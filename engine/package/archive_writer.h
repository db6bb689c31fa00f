#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "engine/base/result.h"

namespace penstock {

/// What a package is written from: by path in the package, the file that is copied, or text.
struct PackageParts {
  std::map<std::string, std::filesystem::path> files;
  std::map<std::string, std::string> texts;
};

/// Writes a zip archive of `parts` to `path`, whole or not at all: first beside it, as
/// `path.tmp.PID`. Equal parts give equal bytes: members are sorted, times and rights are fixed.
/// Texts are deflated, unless that makes them smaller than `PackageLimits` lets a reader believe;
/// models and all else are stored.
/// Errors: `kInvalidArgument` if there is something at `path`, or for a path in the package that
/// `check_member_path` refuses; `kNotFound` if a file is missing; `kUnavailable` if writing fails.
Status write_zip(const PackageParts& parts, const std::filesystem::path& path);

/// Writes `parts` as the folder `path`, whole or not at all. Errors: as `write_zip`.
Status write_folder(const PackageParts& parts, const std::filesystem::path& path);

}  // namespace penstock
