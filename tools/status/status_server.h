#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "engine/base/clock.h"
#include "engine/base/result.h"

namespace penstock {

/// Answers who asks how this process is, through a unix socket in the user's run directory.
///
/// The socket is `PID.status`, mode 0600; the kernel names who connects, and only the same user (or
/// root) gets an answer. Protocol: a line `status` is answered by one line, a JSON document; any
/// other line by `{"error":...}`. A connection may ask again and again.
///
/// Whatever comes in is bounded: at most `kMaxClients` at once (one more is told so), a line of at
/// most `kMaxLine` bytes, and whoever neither asks nor reads for `kIdleLimit` is let go. Nothing
/// that a client does or leaves undone reaches the process that is looked at.
///
/// Ownership: one thread of its own; the destructor ends it and removes the socket.
/// Thread-safety: made and destroyed by one thread; the functions of `Options` are called by the
/// server's, one at a time.
class StatusServer {
 public:
  static constexpr std::size_t kMaxClients = 16;
  static constexpr std::size_t kMaxLine = 256;
  static constexpr Duration kIdleLimit = std::chrono::seconds(30);

  struct Options {
    std::string folder;                   ///< Exists, and is this user's.
    std::int64_t process = 0;             ///< 0 = this one.
    std::function<std::string()> answer;  ///< Returns the document, without a line end.
    std::function<void()> tick;           ///< Called every `period`; may be empty.
    Duration period = std::chrono::seconds(1);
    std::int64_t user = -1;  ///< Who may ask; -1 = who runs this process.
    bool root_may_ask = true;
  };

  /// Errors: `kUnavailable` if the socket cannot be made, naming it, or another one answers there.
  static Result<std::unique_ptr<StatusServer>> start(Options options);

  StatusServer(const StatusServer&) = delete;
  StatusServer& operator=(const StatusServer&) = delete;
  ~StatusServer();

  [[nodiscard]] const std::string& path() const noexcept;

 private:
  class Loop;
  explicit StatusServer(std::unique_ptr<Loop> loop);

  std::unique_ptr<Loop> loop_;
};

}  // namespace penstock
