#pragma once

#include <string>

#include "engine/base/result.h"

namespace penstock {

/// An open file of the kernel's; closed when it is destroyed.
class FileHandle {
 public:
  FileHandle() = default;

  explicit FileHandle(int descriptor) noexcept : descriptor_(descriptor) {}

  FileHandle(FileHandle&& other) noexcept;
  FileHandle& operator=(FileHandle&& other) noexcept;
  ~FileHandle();

  [[nodiscard]] int get() const noexcept { return descriptor_; }

  [[nodiscard]] bool is_open() const noexcept { return descriptor_ >= 0; }

 private:
  int descriptor_ = -1;
};

/// Makes a socket in `folder` that listens as `name`, for this user only. It never blocks, and
/// comes into being at once: who sees the file can connect. A file of that name at which nobody
/// listens any more is replaced.
/// Errors: `kUnavailable`, naming the file, if somebody listens there or it cannot be made.
Result<FileHandle> listen_at(const std::string& folder, const std::string& name);

/// Connects to the socket `name` in `folder`. The path may be longer than a socket's address.
/// Errors: `kPeerGone` if nobody listens there; `kNotFound` if there is no such file;
/// `kDeadlineExceeded` if so many wait for it that it takes no more; `kUnavailable` otherwise.
Result<FileHandle> connect_to(const std::string& folder, const std::string& name);

}  // namespace penstock
