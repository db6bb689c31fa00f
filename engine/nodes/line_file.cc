#include "engine/nodes/line_file.h"

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/types.h>
#include <unistd.h>

#include "engine/base/system_reason.h"

namespace penstock {
namespace {

Error system_failure(const char* what, const std::string& path, int code) {
  return Error{Errc::kUnavailable,
               std::string("cannot ") + what + " '" + path + "'" + system_reason(code)};
}

}  // namespace

Result<std::unique_ptr<LineFile>> LineFile::open(const std::string& path, Mode mode) {
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  if (!folder.empty()) {
    std::error_code code;
    std::filesystem::create_directories(folder, code);
    if (code) {
      return system_failure("make the folder of", path, code.value());
    }
  }
  const int flags =
      O_WRONLY | O_CREAT | O_CLOEXEC | O_APPEND | (mode == Mode::kReplace ? O_TRUNC : 0);
  constexpr mode_t kPermissions = 0666;  // Less the user's umask.
  const int descriptor = ::open(path.c_str(), flags, kPermissions);
  if (descriptor < 0 && errno == EISDIR) {
    return Error{Errc::kInvalidArgument, "cannot write '" + path + "': it is a folder, not a file"};
  }
  if (descriptor < 0) {
    return system_failure("open", path, errno);
  }
  return std::unique_ptr<LineFile>(new LineFile(path, descriptor));
}

LineFile::LineFile(std::string path, int descriptor)
    : path_(std::move(path)),
      descriptor_(descriptor) {
  buffer_.reserve(kBufferBytes);
}

LineFile::~LineFile() {
  if (descriptor_ >= 0) {
    static_cast<void>(flush().has_value());
    ::close(descriptor_);
  }
}

Error LineFile::failure(const char* what) const {
  return system_failure(what, path_, errno);
}

Status LineFile::write(std::string_view line, TimePoint now) {
  if (!buffer_.empty() && buffer_.size() + line.size() > kBufferBytes) {
    PENSTOCK_RETURN_IF_ERROR(flush());
  }
  buffer_ += line;
  if (now - written_at_ < kFlushAfter) {
    return {};
  }
  written_at_ = now;
  return flush();
}

Status LineFile::flush() {
  std::string_view left = buffer_;
  while (!left.empty()) {
    const ssize_t written = ::write(descriptor_, left.data(), left.size());
    if (written >= 0) {
      left.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno != EINTR) {
      Error error = failure("write");
      const std::size_t done = buffer_.size() - left.size();
      const std::size_t whole = buffer_.rfind('\n', done == 0 ? 0 : done - 1);
      const std::size_t kept = done == 0 || whole == std::string::npos ? 0 : whole + 1;
      const off_t end = ::lseek(descriptor_, 0, SEEK_END);
      const auto torn = static_cast<off_t>(done - kept);
      if (torn > 0 && end >= torn && ::ftruncate(descriptor_, end - torn) != 0) {
        error.message += "; its last line is torn";
      }
      buffer_.clear();
      return error;
    }
  }
  buffer_.clear();
  return {};
}

Status LineFile::close() {
  Status status = flush();
  // Pipes and terminals know no fsync.
  if (status.has_value() && ::fsync(descriptor_) != 0 && errno != EINVAL && errno != EROFS) {
    status = failure("save");
  }
  if (::close(std::exchange(descriptor_, -1)) != 0 && status.has_value()) {
    status = failure("close");
  }
  return status;
}

}  // namespace penstock
