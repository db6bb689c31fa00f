#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "engine/base/clock.h"
#include "engine/base/result.h"

namespace penstock {

/// A text file that is written line by line, through a buffer.
///
/// The file holds whole lines: when a write fails half way (a full disk), the torn line is cut off
/// again, so that whoever opens the file anew goes on at a line's start. Lines that were buffered
/// then are lost.
///
/// States: open -> closed, once. Thread-safety: one thread at a time.
/// Cost: a system call for each 64 KiB, or each `kFlushAfter` while lines come in.
class LineFile {
 public:
  static constexpr std::size_t kBufferBytes = 65536;
  static constexpr Duration kFlushAfter = std::chrono::milliseconds(200);

  enum class Mode { kReplace, kAppend };

  /// Creates the folders above `path`. Errors: `kInvalidArgument` if it is a folder; else
  /// `kUnavailable` with the path and the system's words.
  static Result<std::unique_ptr<LineFile>> open(const std::string& path, Mode mode);

  LineFile(const LineFile&) = delete;
  LineFile& operator=(const LineFile&) = delete;
  /// Writes what is buffered, as far as that goes.
  ~LineFile();

  /// Adds `line`, which has its own end. A line stays in the buffer until the first call that is
  /// `kFlushAfter` after the last write, or `flush`. Errors: `kUnavailable`.
  Status write(std::string_view line, TimePoint now);
  Status flush();
  /// Returns when everything is on the disk. Errors: as `open`.
  Status close();

  [[nodiscard]] const std::string& path() const noexcept { return path_; }

 private:
  LineFile(std::string path, int descriptor);

  [[nodiscard]] Error failure(const char* what) const;

  std::string path_;
  int descriptor_;
  std::string buffer_;
  TimePoint written_at_;
};

}  // namespace penstock
