#include "tests/support/child_program.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/base/check.h"

namespace penstock::testing {

ChildProgram::ChildProgram(std::vector<std::string> words, const std::filesystem::path& folder) {
  std::array<std::array<int, 2>, 2> ends{};
  for (auto& pair : ends) {
    PENSTOCK_CHECK(::pipe2(pair.data(), O_CLOEXEC) == 0) << "errno " << errno;
  }
  std::vector<char*> arguments;
  arguments.reserve(words.size() + 1);
  for (std::string& word : words) {
    arguments.push_back(word.data());
  }
  arguments.push_back(nullptr);
  child_ = ::fork();
  PENSTOCK_CHECK(child_ >= 0) << "errno " << errno;
  if (child_ == 0) {
    ::dup2(ends[0][1], STDOUT_FILENO);
    ::dup2(ends[1][1], STDERR_FILENO);
    if (::chdir(folder.c_str()) == 0) {
      ::execv(arguments[0], arguments.data());
    }
    ::_exit(127);
  }
  for (std::size_t i = 0; i < 2; ++i) {
    ::close(ends[i][1]);
    pipes_[i] = ends[i][0];
  }
}

ChildProgram::~ChildProgram() {
  if (child_ > 0) {
    ::kill(child_, SIGKILL);
    wait();
  }
  for (const int pipe : pipes_) {
    if (pipe >= 0) {
      ::close(pipe);
    }
  }
}

bool ChildProgram::read_more() {
  std::array<pollfd, 2> polled{};
  for (std::size_t i = 0; i < 2; ++i) {
    polled[i] = {pipes_[i], POLLIN, 0};  // A negative descriptor is passed over.
  }
  if (pipes_[0] < 0 && pipes_[1] < 0) {
    return false;
  }
  if (::poll(polled.data(), polled.size(), -1) < 0) {
    return errno == EINTR;
  }
  for (std::size_t i = 0; i < 2; ++i) {
    if (polled[i].revents == 0) {
      continue;
    }
    std::array<char, 4096> bytes{};
    const ssize_t got = ::read(pipes_[i], bytes.data(), bytes.size());
    if (got > 0) {
      texts_[i].append(bytes.data(), static_cast<std::size_t>(got));
    } else {
      ::close(pipes_[i]);
      pipes_[i] = -1;
    }
  }
  return true;
}

bool ChildProgram::read_until(std::string_view text) {
  const auto has_come = [&] {
    return std::any_of(texts_.begin(), texts_.end(), [&](const std::string& one) {
      return one.find(text) != std::string::npos;
    });
  };
  while (!has_come()) {
    if (!read_more()) {
      return has_come();
    }
  }
  return true;
}

void ChildProgram::send(int signal) const {
  PENSTOCK_CHECK(child_ > 0) << "the program has ended";
  ::kill(child_, signal);
}

int ChildProgram::wait() {
  while (read_more()) {
  }
  int status = 0;
  ::waitpid(std::exchange(child_, -1), &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

}  // namespace penstock::testing
