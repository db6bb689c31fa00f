#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "engine/base/result.h"
#include "engine/package/archive.h"
#include "engine/package/package_info.h"

namespace penstock {

/// A file of a package.
struct PackageFile {
  std::string path;  ///< In the package.
  std::uint64_t bytes = 0;
  std::string sha256;
  friend bool operator==(const PackageFile&, const PackageFile&) = default;
};

/// A model package that was read as a whole and found sound: a folder or a zip archive with a
/// `manifest.yaml`, or a plain `.onnx`, `.tflite` or `.xml` file (with the `.bin` beside it), which
/// is a package with one network of one variant, both named after the file.
///
/// Its identity is the SHA-256 over the lines `HASH  PATH\n` of its files, sorted by path, as
/// `sha256sum` prints them: the same for a folder and a zip of the same files. A plain file is
/// `model.onnx`, `model.tflite`, or `model.xml` with `model.bin` there, whatever its name is.
///
/// Ownership: a plain value; what lies on disk is not locked. A zip that changes later is noticed
/// by `materialise()`, a folder or plain file is not. Thread-safety: immutable.
class Package {
 public:
  enum class Form { kFolder, kZip, kPlainFile };

  static constexpr const char* kManifest = "manifest.yaml";

  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

  [[nodiscard]] Form form() const noexcept { return form_; }

  [[nodiscard]] const PackageInfo& info() const noexcept { return info_; }

  /// 64 hexadecimal digits.
  [[nodiscard]] const std::string& identity() const noexcept { return identity_; }

  /// Sorted by path; the manifest is one of them.
  [[nodiscard]] const std::vector<PackageFile>& files() const noexcept { return files_; }

  [[nodiscard]] std::uint64_t bytes() const noexcept;

  /// Returns the folder in which the paths of `info()` are files, for drivers. A folder or plain
  /// file stays where it is; the members of a zip are unpacked once, into a folder of `cache` named
  /// after the identity. It is filled beside its place and renamed, so that two processes may do
  /// this at once; what an earlier one left is compared with the hashes, and unpacked anew if it
  /// was changed. Blocks for as long as reading all of it takes. Errors: `kCorrupt` if the zip has
  /// changed since it was opened; `kUnavailable` if `cache` cannot be written.
  [[nodiscard]] Result<std::filesystem::path> materialise(const std::filesystem::path& cache) const;

 private:
  friend class PackageOpener;

  Package() = default;

  std::filesystem::path path_;
  Form form_ = Form::kPlainFile;
  PackageInfo info_;
  std::string identity_;
  std::vector<PackageFile> files_;
  PackageLimits limits_;
};

/// Opens the package at `path`. Reads and hashes all of it: blocks for seconds on large ones.
///
/// Errors: `kNotFound` if nothing is there; `kUnsupported` if it is not a package at all, or its
/// format is of a later version; `kCorrupt` for all that is wrong in it. Messages name the file,
/// the place (member, or line and column of the manifest, all of them) and the rule.
Result<Package> open_package(const std::filesystem::path& path, const PackageLimits& limits = {});

/// As `open_package`, but a plain file of any other ending is a model too: drivers may have kinds
/// of their own.
Result<Package> open_package_or_file(const std::filesystem::path& path,
                                     const PackageLimits& limits = {});

/// True if `path` ends as the plain files do that the host reads: `.onnx`, `.tflite` or `.xml`.
bool is_plain_model(const std::filesystem::path& path);

/// True if `path` is a folder or ends with `.zip`: a package with a manifest, not a plain file.
bool looks_like_package(const std::filesystem::path& path);

/// Returns where packages are unpacked unless the user says otherwise: `packages` in
/// `$PENSTOCK_CACHE` or `~/.cache/penstock`, else in the folder for temporary files.
std::filesystem::path default_package_cache();

}  // namespace penstock
