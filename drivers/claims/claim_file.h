#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "engine/base/result.h"

namespace penstock {

/// The process that holds a claim.
struct ClaimOwner {
  std::int64_t process = 0;  ///< 0: held, but the holder has not written who it is yet.
  /// False where the process that wrote its name is gone and a child of it keeps the claim, or
  /// where it lives in another container.
  bool is_alive = false;
  std::string program;  ///< "penstock"
};

/// Reserves one thing for one holder by a locked file; between processes, and within one.
///
/// The lock belongs to the open file (an open-file-description lock), so the kernel frees it when
/// the last process that has it open ends, in whatever way. A child made by fork() has it open too,
/// one that calls exec() has not. Inside the file are the holder's process id, start time and
/// program, for others to show; they say nothing about whether it is held. flock() would do the
/// same but for one thing: asking who holds it means to take it for a moment, and that made a
/// claim of somebody else fail.
///
/// The file stays when the claim ends: to remove it would let two processes lock two files of the
/// same name.
///
/// States: held from `take()` until it is destroyed or moved from.
/// Thread-safety: none needed for `take()` and `owner()`; an object is one thread's.
/// Cost: a few system calls; never waits.
class ClaimFile {
 public:
  /// Takes the claim. `what` is the thing's name for messages ("sub-device 0 of 'metis-0:3:0'").
  /// Errors: `kUnavailable` if it is held, naming thing, holder and file, or for a file that cannot
  /// be made.
  static Result<ClaimFile> take(const std::string& path, const std::string& what);

  /// Returns who holds the claim; nothing if nobody does, or `path` cannot be read. Disturbs
  /// nobody who takes it meanwhile.
  static std::optional<ClaimOwner> owner(const std::string& path);

  ClaimFile(ClaimFile&& other) noexcept;
  ClaimFile& operator=(ClaimFile&& other) noexcept;
  ~ClaimFile();

 private:
  explicit ClaimFile(int descriptor) noexcept : descriptor_(descriptor) {}

  void release() noexcept;

  int descriptor_ = -1;
};

}  // namespace penstock
