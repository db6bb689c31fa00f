#include "tools/cli/stop_signals.h"

#include <ctime>

#include <pthread.h>

namespace penstock {

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

}  // namespace penstock
