#include "tools/status/unix_socket.h"

#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace penstock {
namespace {

constexpr int kWaitingConnections = 16;
constexpr mode_t kForThisUser = S_IRUSR | S_IWUSR;

Error failure(const std::string& what, int number) {
  return {Errc::kUnavailable, what + ": " + std::strerror(number)};
}

/// An address of `name` in the folder that `folder` holds open: short, however long its path is.
Result<sockaddr_un> address_of(const FileHandle& folder, const std::string& name) {
  const std::string path = "/proc/self/fd/" + std::to_string(folder.get()) + "/" + name;
  sockaddr_un address{};
  if (path.size() >= sizeof(address.sun_path)) {
    return Error{Errc::kInvalidArgument, "'" + name + "' is too long for the name of a socket"};
  }
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  return address;
}

Result<FileHandle> open_folder(const std::string& folder) {
  FileHandle handle(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!handle.is_open()) {
    return failure("folder '" + folder + "'", errno);
  }
  return handle;
}

Result<FileHandle> make_socket(int flags) {
  FileHandle handle(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0));
  if (!handle.is_open()) {
    return failure("a unix socket", errno);
  }
  return handle;
}

int address_call(int (*call)(int, const sockaddr*, socklen_t),
                 const FileHandle& socket,
                 const sockaddr_un& address) {
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): so the call wants it
  return call(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address));
}

}  // namespace

FileHandle::FileHandle(FileHandle&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)) {}

FileHandle& FileHandle::operator=(FileHandle&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

FileHandle::~FileHandle() {
  if (descriptor_ >= 0) {
    ::close(descriptor_);
  }
}

Result<FileHandle> listen_at(const std::string& folder, const std::string& name) {
  const std::string path = folder + "/" + name;
  if (connect_to(folder, name).has_value()) {
    return Error{Errc::kUnavailable, "'" + path + "': another one listens there"};
  }
  PENSTOCK_ASSIGN_OR_RETURN(const FileHandle parent, open_folder(folder));
  // Bound under a name that nobody looks for, and renamed when it listens: between bind and listen
  // a connection is refused, as by the socket of a dead process.
  const std::string fresh = name + ".new";
  PENSTOCK_ASSIGN_OR_RETURN(const sockaddr_un address, address_of(parent, fresh));
  PENSTOCK_ASSIGN_OR_RETURN(FileHandle socket, make_socket(SOCK_NONBLOCK));
  ::unlinkat(parent.get(), fresh.c_str(), 0);
  // On Linux the file gets the socket's mode: no moment at which it is open to others.
  if (::fchmod(socket.get(), kForThisUser) != 0 || address_call(::bind, socket, address) != 0 ||
      ::listen(socket.get(), kWaitingConnections) != 0 ||
      ::renameat(parent.get(), fresh.c_str(), parent.get(), name.c_str()) != 0) {
    const int number = errno;
    ::unlinkat(parent.get(), fresh.c_str(), 0);
    return failure("'" + path + "'", number);
  }
  return socket;
}

Result<FileHandle> connect_to(const std::string& folder, const std::string& name) {
  PENSTOCK_ASSIGN_OR_RETURN(const FileHandle parent, open_folder(folder));
  PENSTOCK_ASSIGN_OR_RETURN(const sockaddr_un address, address_of(parent, name));
  // Never blocks: a server whose line of connections is full counts as busy, not as gone.
  PENSTOCK_ASSIGN_OR_RETURN(FileHandle socket, make_socket(SOCK_NONBLOCK));
  if (address_call(::connect, socket, address) == 0) {
    return socket;
  }
  Error error = failure("'" + folder + "/" + name + "'", errno);
  error.code = errno == ECONNREFUSED ? Errc::kPeerGone
               : errno == ENOENT     ? Errc::kNotFound
               : errno == EAGAIN     ? Errc::kDeadlineExceeded
                                     : Errc::kUnavailable;
  return error;
}

}  // namespace penstock
