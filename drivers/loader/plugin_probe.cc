#include "drivers/loader/plugin_probe.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <climits>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <string_view>
#include <system_error>

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "drivers/loader/plugin_table.h"

namespace penstock {
namespace {

// What the child writes into the pipe: a letter for each stage, then 'k', or 'f', the code's letter
// ('A' + code) and the message.
constexpr int kReport = 3;  // The pipe's descriptor in the child.
constexpr char kGood = 'k';
constexpr char kFailed = 'f';

void report(std::string_view text) {
  // A parent that is gone needs no answer, and there is no other way to give it one.
  (void)!::write(kReport, text.data(), text.size());
}

/// Lets a crash of the plug-in be a crash of the child, whatever handlers this process has set, and
/// lets nothing of this process but the pipe live on in it.
void become_probe(int pipe_end) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  for (const int signal : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGSYS, SIGTERM}) {
    ::signal(signal, SIG_DFL);
  }
  sigset_t none;
  ::sigemptyset(&none);
  ::pthread_sigmask(SIG_SETMASK, &none, nullptr);
  const int null = ::open("/dev/null", O_RDWR);
  ::dup2(null, STDIN_FILENO);
  ::dup2(null, STDOUT_FILENO);
  ::dup2(null, STDERR_FILENO);
  if (pipe_end != kReport) {
    ::dup2(pipe_end, kReport);
  }
  ::close_range(kReport + 1, UINT_MAX, 0);
}

[[noreturn]] void run_probe(const std::string& path) {
  const auto table = open_plugin_table(path, [](PluginStage stage) {
    const char letter = static_cast<char>(stage);
    report({&letter, 1});
  });
  if (table.has_value()) {
    report({&kGood, 1});
  } else {
    const char code = static_cast<char>('A' + static_cast<int>(table.error().code));
    report(std::string({kFailed, code}) + table.error().message);
  }
  ::_exit(0);
}

/// Reads what the child says until it ends or the limit is over. Returns whether it ended.
bool read_answer(int pipe_end, Duration limit, std::string* answer) {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (true) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
    pollfd wait{pipe_end, POLLIN, 0};
    const int ready =
        left.count() <= 0
            ? 0
            : ::poll(&wait, 1, static_cast<int>(std::min<std::int64_t>(left.count(), INT_MAX)));
    if (ready == 0) {
      return false;
    }
    if (ready < 0) {
      continue;  // A signal; the limit stands.
    }
    std::array<char, 1024> buffer{};
    const auto length = ::read(pipe_end, buffer.data(), buffer.size());
    if (length == 0) {
      return true;
    }
    if (length > 0) {
      answer->append(buffer.data(), static_cast<std::size_t>(length));
    }
  }
}

std::string while_doing(char stage) {
  switch (static_cast<PluginStage>(stage)) {
    case PluginStage::kLoading:
      return "while it was loaded";
    case PluginStage::kEntry:
      return std::string("in '") + PENSTOCK_DRIVER_ENTRY_SYMBOL + "'";
    case PluginStage::kTable:
      return "while its table was read: it points to no table";
  }
  return "before it was loaded";
}

/// Tells how the child ended that gave no answer; `status` is waitpid's, `stage` its last letter.
Error end_of(int status, char stage) {
  if (WIFSIGNALED(status)) {
    const char* const name = ::sigdescr_np(WTERMSIG(status));
    return {Errc::kInternal,
            "it crashed (" + std::string(name == nullptr ? "unknown signal" : name) + ") " +
                while_doing(stage)};
  }
  return {Errc::kInternal,
          "it ended the process (exit code " + std::to_string(WEXITSTATUS(status)) + ") " +
              while_doing(stage)};
}

/// Judges what the child said and how it ended.
Status verdict_of(std::string_view answer, int status) {
  char stage = '\0';
  for (std::size_t i = 0; i < answer.size(); ++i) {
    if (answer[i] == kGood) {
      return {};
    }
    if (answer[i] == kFailed && i + 1 < answer.size()) {
      return Error{static_cast<Errc>(answer[i + 1] - 'A'), std::string(answer.substr(i + 2))};
    }
    stage = answer[i];
  }
  return end_of(status, stage);
}

/// Checks what needs no child: the linker's own words for these are unclear.
Status check_file(const std::string& path) {
  if (path.find('/') == std::string::npos) {
    return Error{Errc::kInvalidArgument,
                 "the path must hold a '/', as in './" + path + "': else it would be searched for"};
  }
  if (::access(path.c_str(), F_OK) != 0) {
    return Error{Errc::kNotFound, std::generic_category().message(errno)};
  }
  std::array<char, 4> magic{};
  std::ifstream(path, std::ios::binary).read(magic.data(), magic.size());
  if (std::memcmp(magic.data(),
                  "\x7f"
                  "ELF",
                  magic.size()) != 0) {
    return Error{Errc::kCorrupt, "it is no shared object (ELF file), or cannot be read"};
  }
  return {};
}

Status probe(const std::string& path, Duration limit) {
  PENSTOCK_RETURN_IF_ERROR(check_file(path));
  std::array<int, 2> pipe{};
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0) {
    return Error{Errc::kUnavailable, "no pipe: " + std::generic_category().message(errno)};
  }
  const pid_t child = ::fork();
  if (child == 0) {
    become_probe(pipe[1]);
    run_probe(path);
  }
  const int fork_errno = errno;
  ::close(pipe[1]);
  std::string answer;
  const bool ended = child < 0 || read_answer(pipe[0], limit, &answer);
  ::close(pipe[0]);
  if (child < 0) {
    return Error{Errc::kUnavailable,
                 "no process to probe it: " + std::generic_category().message(fork_errno)};
  }
  if (!ended) {
    ::kill(child, SIGKILL);
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (!ended) {
    const auto limit_ms = std::chrono::duration_cast<std::chrono::milliseconds>(limit).count();
    return Error{Errc::kDeadlineExceeded,
                 "it did not come back within " + std::to_string(limit_ms) + " ms " +
                     while_doing(answer.empty() ? '\0' : answer.back())};
  }
  return verdict_of(answer, status);
}

}  // namespace

Status probe_driver_plugin(const std::string& path, Duration limit) {
  const Status status = probe(path, limit);
  return status.has_value() ? status : Status(status.error().within("plug-in '" + path + "'"));
}

}  // namespace penstock
