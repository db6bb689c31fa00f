#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/base/result.h"

namespace penstock {

/// What a package may be at most: what is beyond is an attack or a mistake.
struct PackageLimits {
  std::size_t max_files = 1024;
  std::uint64_t max_file_bytes = std::uint64_t{8} << 30U;
  std::uint64_t max_total_bytes = std::uint64_t{16} << 30U;
  /// Unpacked to packed size of one file, where it is larger than `ratio_from_bytes`. Weights pack
  /// to a half at best, the XML of a large network to a thirtieth.
  std::uint64_t max_ratio = 200;
  std::uint64_t ratio_from_bytes = std::uint64_t{1} << 20U;
};

/// A file in a zip archive, with the size that the archive declares.
struct ArchiveMember {
  std::string path;
  std::uint64_t bytes = 0;
  std::uint64_t index = 0;
};

/// Reads a zip archive that may be damaged or hostile.
///
/// `open()` checks the whole directory before a single byte is unpacked: local headers agree with
/// it, paths stay inside (`check_member_path`), nothing is given twice, nothing but plain files and
/// folders, stored or deflated, not encrypted, within the limits, and not overlapping as far as the
/// sizes show it. `read()` unpacks no more than was declared and compares size and CRC.
///
/// Ownership: keeps the file open. Thread-safety: one thread at a time.
class ZipArchive {
 public:
  using Sink = std::function<Status(std::span<const std::byte>)>;

  /// Errors: `kNotFound` if the file cannot be opened; `kCorrupt` for all that is wrong in it,
  /// naming file, member and rule.
  static Result<ZipArchive> open(const std::filesystem::path& path, const PackageLimits& limits);

  ZipArchive(const ZipArchive&) = delete;
  ZipArchive& operator=(const ZipArchive&) = delete;
  ZipArchive(ZipArchive&&) noexcept;
  ZipArchive& operator=(ZipArchive&&) noexcept;
  ~ZipArchive();

  /// The files, sorted by path; folders are left out.
  [[nodiscard]] const std::vector<ArchiveMember>& members() const noexcept { return members_; }

  /// Unpacks `member` into `sink`, piece by piece. Errors: `kCorrupt` if it is damaged or not of
  /// the size declared; of `sink`. What `sink` got before an error is not to be trusted.
  Status read(const ArchiveMember& member, const Sink& sink);

 private:
  struct Handle;

  ZipArchive(std::string name, std::unique_ptr<Handle> handle);

  Status take_members(const PackageLimits& limits);
  Status take_member(std::uint64_t index, const PackageLimits& limits);
  [[nodiscard]] Error wrong(const std::string& member, const std::string& rule) const;

  std::string name_;
  std::unique_ptr<Handle> handle_;
  std::vector<ArchiveMember> members_;
  std::uint64_t total_bytes_ = 0;
  std::uint64_t packed_bytes_ = 0;
};

}  // namespace penstock
