#include "tools/status/status_server.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <thread>
#include <utility>
#include <vector>

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tools/status/unix_socket.h"

namespace penstock {
namespace {

constexpr const char* kQuestion = "status";
constexpr Duration kFreshFor = std::chrono::milliseconds(20);

std::string error_line(const std::string& text) {
  return "{\"error\":\"" + text + "\"}\n";  // Only our own words: nothing to be escaped.
}

/// Returns the user at the other end; -1 if the kernel does not say.
std::int64_t user_of(int socket) {
  ucred peer{};
  socklen_t size = sizeof(peer);
  return getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 ? std::int64_t{peer.uid}
                                                                        : -1;
}

/// One connection: a line that comes in, answers that go out.
struct Client {
  FileHandle socket;
  std::string in;
  std::string out;
  TimePoint active;      // When it last sent or took something.
  bool is_last = false;  // After `out` is gone.
};

}  // namespace

class StatusServer::Loop {
 public:
  static Result<std::unique_ptr<Loop>> start(Options options) {
    if (options.process == 0) {
      options.process = ::getpid();
    }
    if (options.user < 0) {
      options.user = ::geteuid();
    }
    const std::string name = std::to_string(options.process) + ".status";
    PENSTOCK_ASSIGN_OR_RETURN(FileHandle socket, listen_at(options.folder, name));
    FileHandle wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    std::unique_ptr<Loop> loop(new Loop(std::move(options), std::move(socket), std::move(wake)));
    loop->path_ = loop->options_.folder + "/" + name;
    if (!loop->wake_.is_open()) {
      return Error{Errc::kUnavailable, "no event file for the status server"};
    }
    loop->thread_ = std::thread([raw = loop.get()] { raw->run(); });
    return loop;
  }

  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  ~Loop() {
    ::unlink(path_.c_str());
    if (thread_.joinable()) {
      stopped_.store(true);
      const std::uint64_t one = 1;
      [[maybe_unused]] const auto written = ::write(wake_.get(), &one, sizeof(one));
      thread_.join();
    }
  }

  [[nodiscard]] const std::string& path() const noexcept { return path_; }

 private:
  Loop(Options options, FileHandle socket, FileHandle wake)
      : options_(std::move(options)),
        socket_(std::move(socket)),
        wake_(std::move(wake)) {}

  void run() {
    TimePoint next_tick = clock_.now();
    while (!stopped_.load()) {
      if (clock_.now() >= next_tick) {
        if (options_.tick) {
          options_.tick();
        }
        next_tick = clock_.now() + options_.period;
        is_deaf_ = false;
      }
      wait(next_tick);
      take_connections();
      serve_clients();
    }
  }

  void wait(TimePoint until) {
    watched_.clear();
    watched_.push_back({wake_.get(), POLLIN, 0});
    watched_.push_back({is_deaf_ ? -1 : socket_.get(), POLLIN, 0});
    for (const Client& client : clients_) {
      // While it does not take its answers nothing more is read from it.
      const short events = client.out.empty() ? POLLIN : POLLOUT;
      watched_.push_back({client.socket.get(), events, 0});
      if (client.out.empty() && client.in.find('\n') != std::string::npos) {
        until = clock_.now();  // Asked twice in one breath.
      }
    }
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - clock_.now()).count();
    ::poll(watched_.data(),
           watched_.size(),
           static_cast<int>(std::clamp<std::int64_t>(left, 0, 60000)));
  }

  void take_connections() {
    while (true) {
      FileHandle socket(::accept4(socket_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
      if (!socket.is_open()) {
        // Out of files: whoever knocks is let wait, instead of asking the kernel for ever.
        is_deaf_ = errno != EAGAIN && errno != EWOULDBLOCK;
        return;
      }
      Client client;
      client.active = clock_.now();
      const std::int64_t user = user_of(socket.get());
      if (user != options_.user && !(user == 0 && options_.root_may_ask)) {
        client.out = error_line("only the user who runs this may ask");
        client.is_last = true;
      } else if (clients_.size() >= kMaxClients) {
        client.out = error_line("too many ask at once");
        client.is_last = true;
      }
      client.socket = std::move(socket);
      if (client.is_last) {
        write_out(client);  // What does not go at once is not worth a place.
        continue;
      }
      clients_.push_back(std::move(client));
    }
  }

  void serve_clients() {
    const TimePoint now = clock_.now();
    for (Client& client : clients_) {
      const bool is_well = client.out.empty() ? read_in(client) : true;
      if (!is_well || !write_out(client) || (client.is_last && client.out.empty()) ||
          now - client.active > kIdleLimit) {
        client.socket = FileHandle();
      }
    }
    std::erase_if(clients_, [](const Client& client) { return !client.socket.is_open(); });
  }

  /// Answers the first whole line, of which one may be left from before; returns false when the
  /// client has gone.
  bool read_in(Client& client) {
    if (client.in.find('\n') == std::string::npos) {
      std::array<char, kMaxLine> bytes{};
      const ssize_t count = ::recv(client.socket.get(), bytes.data(), bytes.size(), 0);
      if (count <= 0) {
        return count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR);
      }
      client.active = clock_.now();
      client.in.append(bytes.data(), static_cast<std::size_t>(count));
    }
    answer_line(client);
    return true;
  }

  void answer_line(Client& client) {
    const std::size_t end = client.in.find('\n');
    if (std::min(end, client.in.size()) >= kMaxLine) {
      client.out = error_line("the question is too long");
      client.is_last = true;
      client.in.clear();
      return;
    }
    if (end == std::string::npos) {
      return;
    }
    std::string line = client.in.substr(0, end);
    client.in.erase(0, end + 1);
    if (!line.empty() && line.back() == '\r') {
      line.pop_back();
    }
    client.out =
        line == kQuestion ? fresh_answer() : error_line("unknown question; there is: status");
  }

  /// Who asks without end gets the same answer for a moment: it costs the graph nothing.
  const std::string& fresh_answer() {
    const TimePoint now = clock_.now();
    if (answer_.empty() || now - answered_ > kFreshFor) {
      answer_ = options_.answer() + "\n";
      answered_ = now;
    }
    return answer_;
  }

  /// Sends what can be sent; returns false when the client has gone.
  bool write_out(Client& client) {
    while (!client.out.empty()) {
      const ssize_t count =
          ::send(client.socket.get(), client.out.data(), client.out.size(), MSG_NOSIGNAL);
      if (count < 0) {
        return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
      }
      client.active = clock_.now();
      client.out.erase(0, static_cast<std::size_t>(count));
    }
    return true;
  }

  Options options_;
  std::string path_;
  FileHandle socket_;
  FileHandle wake_;
  SteadyClock clock_;
  std::vector<Client> clients_;
  std::vector<pollfd> watched_;
  bool is_deaf_ = false;
  std::string answer_;
  TimePoint answered_;
  std::atomic<bool> stopped_{false};
  std::thread thread_;
};

StatusServer::StatusServer(std::unique_ptr<Loop> loop) : loop_(std::move(loop)) {}

StatusServer::~StatusServer() = default;

Result<std::unique_ptr<StatusServer>> StatusServer::start(Options options) {
  PENSTOCK_ASSIGN_OR_RETURN(std::unique_ptr<Loop> loop, Loop::start(std::move(options)));
  return std::unique_ptr<StatusServer>(new StatusServer(std::move(loop)));
}

const std::string& StatusServer::path() const noexcept {
  return loop_->path();
}

}  // namespace penstock
