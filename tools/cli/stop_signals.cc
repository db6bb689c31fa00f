#include "tools/cli/stop_signals.h"

#include <array>
#include <cstdint>
#include <ctime>
#include <utility>

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

namespace penstock {
namespace {

volatile std::sig_atomic_t exit_code = 0;  // What the handler of a last signal ends with.

}  // namespace

StopSignals::StopSignals() {
  sigemptyset(&waited_);
  sigaddset(&waited_, SIGINT);
  sigaddset(&waited_, SIGTERM);

  struct sigaction hangup {};

  // `nohup` has it ignored, and what is waited for comes though it is ignored.
  if (::sigaction(SIGHUP, nullptr, &hangup) != 0 || hangup.sa_handler != SIG_IGN) {
    sigaddset(&waited_, SIGHUP);
  }
  pthread_sigmask(SIG_BLOCK, &waited_, &before_);
  std::signal(SIGPIPE, SIG_IGN);
}

StopSignals::~StopSignals() {
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

bool StopSignals::wait_for(Duration limit) const {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(limit);
  timespec wait{};
  wait.tv_sec = static_cast<std::time_t>(seconds.count());
  wait.tv_nsec = static_cast<long>((limit - seconds).count());
  return sigtimedwait(&waited_, nullptr, &wait) > 0;
}

void StopSignals::end_at_next(int code) const {
  exit_code = code;

  struct sigaction end {};

  end.sa_handler = [](int /*number*/) { ::_exit(exit_code); };
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
    if (sigismember(&waited_, number) == 1) {
      ::sigaction(number, &end, nullptr);
    }
  }
  pthread_sigmask(SIG_UNBLOCK, &waited_, nullptr);
}

SignalWatch::SignalWatch(const StopSignals& signals, std::function<void()> on_signal)
    : signals_(::signalfd(-1, &signals.waited_, SFD_CLOEXEC | SFD_NONBLOCK)),
      end_(::eventfd(0, EFD_CLOEXEC)) {
  if (signals_ < 0 || end_ < 0) {
    return;
  }
  thread_ = std::thread([this, on_signal = std::move(on_signal)] {
    std::array<pollfd, 2> either{pollfd{signals_, POLLIN, 0}, pollfd{end_, POLLIN, 0}};
    while (either[1].revents == 0) {
      signalfd_siginfo which{};
      if (::poll(either.data(), either.size(), -1) > 0 && either[0].revents != 0 &&
          ::read(signals_, &which, sizeof which) == static_cast<ssize_t>(sizeof which)) {
        on_signal();
        return;
      }
    }
  });
}

SignalWatch::~SignalWatch() {
  if (thread_.joinable()) {
    const std::uint64_t over = 1;
    // Eight bytes into a new counter: nothing that could fail.
    [[maybe_unused]] const ssize_t written = ::write(end_, &over, sizeof over);
    thread_.join();
  }
  for (const int descriptor : {signals_, end_}) {
    if (descriptor >= 0) {
      ::close(descriptor);
    }
  }
}

}  // namespace penstock
