#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "engine/base/result.h"
#include "engine/package/archive_writer.h"
#include "engine/package/package.h"
#include "engine/package/package_info.h"
#include "tools/compose/model_reader.h"

namespace penstock {

/// A package that is about to be written: what its manifest will say, and its files.
class PackageDraft {
 public:
  /// Begins with a package that there is already (`models` is one folder or zip), or with plain
  /// model files, each a variant of one network, whose tensors `reader` reads. May block.
  /// Errors: of `open_package` and `ModelReader`; `kInvalidArgument` for a folder or zip among
  /// several, or two models of one name.
  static Result<PackageDraft> begin(const std::vector<std::string>& models,
                                    ModelReader& reader,
                                    const std::filesystem::path& cache);

  [[nodiscard]] PackageInfo& info() { return info_; }

  /// Returns where the file is that will be `member`. Pre: it will be one.
  [[nodiscard]] const std::filesystem::path& file(const std::string& member) const;

  /// Adds a copy of `file` under its own name; returns that.
  /// Errors: `kNotFound` if there is none; `kInvalidArgument` for a name that a package cannot have
  /// or has already.
  Result<std::string> add(const std::filesystem::path& file);

  /// Checks what the manifest will say, so that nothing is worked out or written in vain.
  /// Errors: `kInvalidArgument` for a name, mode or note that no package has, with the rule;
  /// `kCorrupt` for what a package must not hold (`package_rules.h`).
  [[nodiscard]] Status check() const;

  /// Writes manifest and files to `path`, a zip if it ends with `.zip`, a folder if it has no
  /// ending or ends with `/`, and opens what was written; what cannot be opened is removed.
  /// Errors: of `check`, `write_zip`, `write_folder`, `open_package`; `kInvalidArgument` for
  /// another ending.
  Result<Package> write(const std::filesystem::path& path);

 private:
  PackageDraft() = default;

  Status take_package(const std::string& path, const std::filesystem::path& cache);
  [[nodiscard]] Status check_manifest() const;
  Status take_model(const std::string& path, ModelReader& reader);

  PackageInfo info_;
  PackageParts parts_;
};

}  // namespace penstock
