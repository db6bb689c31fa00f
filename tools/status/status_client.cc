#include "tools/status/status_client.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <optional>
#include <string_view>
#include <utility>

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace penstock {
namespace {

constexpr std::string_view kSuffix = ".status";
constexpr std::string_view kQuestion = "status\n";

std::string name_of(std::int64_t process) {
  return std::to_string(process) + std::string(kSuffix);
}

/// Returns the process of "4711.status"; nothing for any other file.
std::optional<std::int64_t> process_of(const std::string& file) {
  std::int64_t process = 0;
  const char* end = file.data() + file.size();
  const auto [stop, code] = std::from_chars(file.data(), end, process);
  if (code != std::errc() ||
      std::string_view(stop, static_cast<std::size_t>(end - stop)) != kSuffix) {
    return std::nullopt;
  }
  return process;
}

bool waits(int number) {
  return number == EAGAIN || number == EWOULDBLOCK || number == EINTR;
}

}  // namespace

Result<StatusConnection> StatusConnection::open(const std::string& folder, std::int64_t process) {
  PENSTOCK_ASSIGN_OR_RETURN(FileHandle socket, connect_to(folder, name_of(process)));
  return StatusConnection(std::move(socket), process);
}

Result<std::string> StatusConnection::ask(Duration limit) {
  const SteadyClock clock;
  const TimePoint end = clock.now() + limit;
  // A refusal may have come before the question could go: then there is an answer all the same.
  [[maybe_unused]] const ssize_t sent =
      ::send(socket_.get(), kQuestion.data(), kQuestion.size(), MSG_NOSIGNAL);
  std::string answer;
  std::array<char, 65536> bytes{};
  while (answer.empty() || answer.back() != '\n') {
    const ssize_t count = ::recv(socket_.get(), bytes.data(), bytes.size(), 0);
    if (count > 0) {
      answer.append(bytes.data(), static_cast<std::size_t>(count));
      if (answer.size() > kMaxAnswer) {
        return Error{Errc::kCorrupt,
                     "the answer of process " + std::to_string(process_) + " has no end"};
      }
      continue;
    }
    if (count == 0 || !waits(errno)) {
      return Error{Errc::kPeerGone, "process " + std::to_string(process_) + " has ended"};
    }
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - clock.now()).count();
    pollfd watched{socket_.get(), POLLIN, 0};
    if (left <= 0 || ::poll(&watched, 1, static_cast<int>(left)) == 0) {
      return Error{Errc::kDeadlineExceeded,
                   "process " + std::to_string(process_) + " does not answer"};
    }
  }
  answer.pop_back();
  return answer;
}

FoundProcesses find_running(const std::string& folder) {
  std::vector<std::int64_t> processes;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(folder, ignored)) {
    if (const auto process = process_of(entry.path().filename().string()); process.has_value()) {
      processes.push_back(*process);
    }
  }
  std::sort(processes.begin(), processes.end());
  FoundProcesses found;
  for (const std::int64_t process : processes) {
    auto connection = StatusConnection::open(folder, process);
    if (connection.has_value()) {
      found.running.push_back(std::move(connection).value());
    } else if (connection.error().code == Errc::kDeadlineExceeded) {
      found.busy.push_back(process);
    } else if (connection.error().code == Errc::kPeerGone) {
      ::unlink((folder + "/" + name_of(process)).c_str());
    }
  }
  return found;
}

}  // namespace penstock
