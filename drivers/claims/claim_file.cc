#include "drivers/claims/claim_file.h"

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

namespace penstock {
namespace {

// How often a reader looks again at a file whose holder is just writing its name.
constexpr int kLooks = 100;

struct flock whole_file(short type) {
  struct flock lock {};

  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  return lock;
}

bool try_lock(int descriptor) {
  struct flock lock = whole_file(F_WRLCK);
  return ::fcntl(descriptor, F_OFD_SETLK, &lock) == 0;
}

bool is_locked(int descriptor) {
  struct flock lock = whole_file(F_WRLCK);
  return ::fcntl(descriptor, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

/// Returns when a process started, in the kernel's ticks since boot; 0 if there is none. With it a
/// process id that was given out again is told from the first one.
std::uint64_t start_time_of(std::int64_t process) {
  std::ifstream file("/proc/" + std::to_string(process) + "/stat");
  std::string line;
  std::getline(file, line);
  // The program's name, in parentheses, may hold anything: count fields after its end.
  const auto name_end = line.rfind(')');
  if (name_end == std::string::npos) {
    return 0;
  }
  std::istringstream fields(line.substr(name_end + 1));
  std::string skipped;
  for (int field = 3; field < 22; ++field) {
    fields >> skipped;
  }
  std::uint64_t started = 0;
  fields >> started;
  return started;
}

std::string own_program() {
  std::ifstream file("/proc/self/comm");
  std::string name;
  std::getline(file, name);
  return name;
}

void write_owner(int descriptor) {
  const std::int64_t process = ::getpid();
  const std::string text = "process " + std::to_string(process) + "\nstarted " +
                           std::to_string(start_time_of(process)) + "\nprogram " + own_program() +
                           "\n";
  // What is written is for people: the lock holds without it.
  if (::ftruncate(descriptor, 0) != 0 || ::pwrite(descriptor, text.data(), text.size(), 0) < 0) {
    return;
  }
}

/// Returns who wrote the file; process 0 if nobody has, or not to its end.
ClaimOwner read_owner(int descriptor) {
  std::array<char, 256> buffer{};
  const auto length = ::pread(descriptor, buffer.data(), buffer.size(), 0);
  std::istringstream text(
      std::string(buffer.data(), length > 0 ? static_cast<std::size_t>(length) : 0));
  std::string word;
  std::int64_t process = 0;
  std::uint64_t started = 0;
  ClaimOwner owner;
  if (text >> word >> process >> word >> started >> word >> std::ws &&
      std::getline(text, owner.program) && !text.eof()) {
    owner.process = process;
    owner.is_alive = started != 0 && start_time_of(process) == started;
  }
  return owner;
}

Error held_by(const ClaimOwner& owner, const std::string& what, const std::string& path) {
  std::string holder = "another process";
  if (owner.process != 0) {
    holder = "process " + std::to_string(owner.process) + " (" + owner.program +
             (owner.is_alive ? ")" : ", ended; a child of it keeps the claim)");
  }
  return {Errc::kUnavailable, what + " is in use by " + holder + ", which holds '" + path + "'"};
}

}  // namespace

Result<ClaimFile> ClaimFile::take(const std::string& path, const std::string& what) {
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (descriptor < 0) {
    return Error{Errc::kUnavailable,
                 what + ": cannot open '" + path + "': " + std::generic_category().message(errno)};
  }
  ClaimFile file(descriptor);
  if (!try_lock(descriptor)) {
    const int reason = errno;
    if (reason != EAGAIN && reason != EACCES) {
      return Error{
          Errc::kUnavailable,
          what + ": cannot lock '" + path + "': " + std::generic_category().message(reason)};
    }
    ::close(std::exchange(file.descriptor_, -1));
    return held_by(owner(path).value_or(ClaimOwner()), what, path);
  }
  write_owner(descriptor);
  return file;
}

std::optional<ClaimOwner> ClaimFile::owner(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW);
  if (descriptor < 0) {
    return std::nullopt;
  }
  std::optional<ClaimOwner> found;
  for (int look = 0; look < kLooks && is_locked(descriptor); ++look) {
    found = read_owner(descriptor);
    if (found->is_alive) {
      break;
    }
    // Just taken, and the name inside is missing or that of the one before.
    ::sched_yield();
  }
  ::close(descriptor);
  return found;
}

ClaimFile::ClaimFile(ClaimFile&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)) {}

ClaimFile& ClaimFile::operator=(ClaimFile&& other) noexcept {
  if (this != &other) {
    release();
    descriptor_ = std::exchange(other.descriptor_, -1);
  }
  return *this;
}

ClaimFile::~ClaimFile() {
  release();
}

void ClaimFile::release() noexcept {
  if (descriptor_ < 0) {
    return;
  }
  // A child of fork() would keep the lock beyond close(): take it away, not only the file.
  if (::ftruncate(descriptor_, 0) == 0) {
    struct flock lock = whole_file(F_UNLCK);
    ::fcntl(descriptor_, F_OFD_SETLK, &lock);
  }
  ::close(std::exchange(descriptor_, -1));
}

}  // namespace penstock
