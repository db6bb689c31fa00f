#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string_view>
#include <thread>

#include "drivers/api/host_services.h"
#include "drivers/api/timed_calls.h"

namespace penstock {

/// The host of a running program: real time, and one thread for timed calls that starts with the
/// first of them.
class SteadyHost final : public HostServices {
 public:
  /// Must be safe from any thread.
  using LogFunction = std::function<void(DriverLogLevel level, std::string_view text)>;

  /// Without `log`, warnings and errors go to stderr. `reference_driver` outlives the host.
  explicit SteadyHost(LogFunction log = nullptr,
                      const PenstockDriverApi* reference_driver = nullptr);
  SteadyHost(const SteadyHost&) = delete;
  SteadyHost& operator=(const SteadyHost&) = delete;
  /// Drops the calls that wait. Pre: no driver uses it any more.
  ~SteadyHost() override;

  void log(DriverLogLevel level, std::string_view text) noexcept override;
  [[nodiscard]] TimePoint now() const noexcept override;
  std::uint64_t call_at(TimePoint when, Call call, void* argument) noexcept override;
  bool cancel_call(std::uint64_t ticket) noexcept override;

  [[nodiscard]] const PenstockDriverApi* reference_driver() const noexcept override {
    return reference_driver_;
  }

 private:
  void run();

  LogFunction log_;
  const PenstockDriverApi* reference_driver_;
  SteadyClock clock_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::condition_variable returned_;
  TimedCalls calls_;
  std::uint64_t running_ticket_ = 0;
  TimePoint sleeps_for_ = TimePoint::min();  // A call before it wakes the thread.
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace penstock
