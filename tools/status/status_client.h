#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/result.h"
#include "tools/status/unix_socket.h"

namespace penstock {

/// A connection to the status server of a process.
///
/// Thread-safety: none.
class StatusConnection {
 public:
  static constexpr std::size_t kMaxAnswer = std::size_t{16} << 20U;

  /// Errors: of `connect_to`.
  static Result<StatusConnection> open(const std::string& folder, std::int64_t process);

  [[nodiscard]] std::int64_t process() const noexcept { return process_; }

  /// Asks how the process is and returns its answer, one line of JSON.
  /// Errors: `kPeerGone` if it has ended; `kDeadlineExceeded` if nothing comes within `limit`;
  /// `kCorrupt` for an answer without end.
  Result<std::string> ask(Duration limit);

 private:
  StatusConnection(FileHandle socket, std::int64_t process)
      : socket_(std::move(socket)),
        process_(process) {}

  FileHandle socket_;
  std::int64_t process_ = 0;
};

/// The processes of a folder, in the order of their numbers.
struct FoundProcesses {
  std::vector<StatusConnection> running;
  std::vector<std::int64_t> busy;  ///< They run and take no connection: stopped, or they hang.
};

/// Connects to every process in `folder`. The socket of one that has ended is removed.
FoundProcesses find_running(const std::string& folder);

}  // namespace penstock
