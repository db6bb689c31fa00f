#pragma once

#include <string>

#include "engine/base/result.h"

namespace penstock {

/// The files that a graph names, as the checker sees them; tests hand in their own.
class FileAccess {
 public:
  FileAccess() = default;
  FileAccess(const FileAccess&) = delete;
  FileAccess& operator=(const FileAccess&) = delete;
  virtual ~FileAccess() = default;

  /// True if there is a file (or device file) at `path` that this process may read.
  [[nodiscard]] virtual bool is_readable(const std::string& path) const = 0;

  /// True if `path` is a folder.
  [[nodiscard]] virtual bool is_folder(const std::string& path) const = 0;

  /// Returns the bytes of a small text file (labels).
  /// Errors: `kNotFound` if it cannot be read; `kInvalidArgument` if it is larger than 4 MiB.
  [[nodiscard]] virtual Result<std::string> read(const std::string& path) const = 0;
};

/// The files of this machine.
class LocalFiles final : public FileAccess {
 public:
  [[nodiscard]] bool is_readable(const std::string& path) const override;
  [[nodiscard]] bool is_folder(const std::string& path) const override;
  [[nodiscard]] Result<std::string> read(const std::string& path) const override;
};

}  // namespace penstock
