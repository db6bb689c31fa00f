#include "drivers/api/steady_host.h"

#include <cstdio>
#include <exception>
#include <string>
#include <utility>

#include <sys/prctl.h>

namespace penstock {

SteadyHost::SteadyHost(LogFunction log, const PenstockDriverApi* reference_driver)
    : log_(std::move(log)),
      reference_driver_(reference_driver) {}

SteadyHost::~SteadyHost() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) {
    thread_.join();
  }
}

void SteadyHost::log(DriverLogLevel level, std::string_view text) noexcept {
  try {
    if (log_) {
      log_(level, text);
    } else if (level >= DriverLogLevel::kWarning) {
      std::fprintf(stderr, "driver: %s\n", std::string(text).c_str());
    }
  } catch (const std::exception&) {
    // A line that cannot be logged is lost; the driver's work is not.
  }
}

TimePoint SteadyHost::now() const noexcept {
  return clock_.now();
}

std::uint64_t SteadyHost::call_at(TimePoint when, Call call, void* argument) noexcept {
  try {
    std::unique_lock lock(mutex_);
    if (stopping_) {
      return 0;
    }
    if (!thread_.joinable()) {
      thread_ = std::thread([this] { run(); });
    }
    const std::uint64_t ticket = calls_.add(when, call, argument);
    const bool is_sooner = when < sleeps_for_;
    lock.unlock();
    if (is_sooner) {
      changed_.notify_one();
    }
    return ticket;
  } catch (const std::exception&) {
    return 0;  // No memory or no thread: the driver reports it as it would a host that ends.
  }
}

bool SteadyHost::cancel_call(std::uint64_t ticket) noexcept {
  if (ticket == 0) {
    return false;  // No ticket; the wait below would take it for the call that is not running.
  }
  std::unique_lock lock(mutex_);
  if (calls_.remove(ticket)) {
    return true;
  }
  if (std::this_thread::get_id() != thread_.get_id()) {
    returned_.wait(lock, [&] { return running_ticket_ != ticket; });
  }
  return false;
}

void SteadyHost::run() {
  // Without it the system wakes threads up to 50 us late, to wake several at once.
  prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (const auto due = calls_.take_due(clock_.now()); due.has_value()) {
      running_ticket_ = due->ticket;
      lock.unlock();
      due->call(due->argument);
      lock.lock();
      running_ticket_ = 0;
      returned_.notify_all();
      continue;
    }
    sleeps_for_ = calls_.next_time().value_or(TimePoint::max());
    if (sleeps_for_ < TimePoint::max()) {
      changed_.wait_until(lock, sleeps_for_);
    } else {
      changed_.wait(lock);
    }
    sleeps_for_ = TimePoint::min();
  }
}

}  // namespace penstock
