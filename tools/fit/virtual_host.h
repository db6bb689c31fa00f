#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string_view>
#include <utility>

#include "drivers/api/host_services.h"
#include "drivers/api/timed_calls.h"
#include "engine/base/clock.h"
#include "engine/run/runnable.h"

namespace penstock {

/// A drivers' host whose time is that of a virtual runner: their timed calls are turns of a
/// runnable, so that devices and graph share one clock and one order.
///
/// Ownership: `clock` and the reference driver outlive it; drivers share it. The runner that drives
/// it goes before it: calls that are due after that are not made.
/// Thread-safety: any thread, except that `cancel_call` comes from the runner's thread.
class VirtualHost final : public HostServices, public Runnable {
 public:
  using Log = std::function<void(DriverLogLevel, std::string_view)>;

  VirtualHost(const Clock& clock, const PenstockDriverApi* reference_driver, Log log)
      : Runnable("host of drivers"),
        clock_(clock),
        reference_driver_(reference_driver),
        log_(std::move(log)) {}

  void log(DriverLogLevel level, std::string_view text) noexcept override {
    if (log_) {
      log_(level, text);
    }
  }

  [[nodiscard]] TimePoint now() const noexcept override { return clock_.now(); }

  std::uint64_t call_at(TimePoint when, Call call, void* argument) noexcept override {
    std::uint64_t ticket = 0;
    {
      const std::lock_guard lock(mutex_);
      ticket = calls_.add(when, call, argument);
    }
    wake();
    return ticket;
  }

  bool cancel_call(std::uint64_t ticket) noexcept override {
    const std::lock_guard lock(mutex_);
    return calls_.remove(ticket);
  }

  [[nodiscard]] const PenstockDriverApi* reference_driver() const noexcept override {
    return reference_driver_;
  }

  /// Makes the calls that are due until `until`, with the clock in step: for what waits for a
  /// change of residence when nobody drives the runner any more.
  void run_out(ManualClock& clock, TimePoint until) {
    for (auto next = wake_at(); next.has_value() && *next <= until; next = wake_at()) {
      clock.advance_to(std::max(*next, clock.now()));
      step(clock.now());
    }
  }

  Step step(TimePoint now) override {
    for (auto due = take_due(now); due.has_value(); due = take_due(now)) {
      due->call(due->argument);
    }
    return Step::kIdle;
  }

  [[nodiscard]] std::optional<TimePoint> wake_at() const override {
    const std::lock_guard lock(mutex_);
    return calls_.next_time();
  }

 private:
  std::optional<TimedCalls::Due> take_due(TimePoint now) {
    const std::lock_guard lock(mutex_);
    return calls_.take_due(now);
  }

  const Clock& clock_;
  const PenstockDriverApi* reference_driver_;
  Log log_;
  mutable std::mutex mutex_;
  TimedCalls calls_;
};

}  // namespace penstock
