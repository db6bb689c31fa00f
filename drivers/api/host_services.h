#pragma once

#include <cstdint>
#include <string_view>

#include "drivers/plugin/penstock_driver.h"
#include "engine/base/clock.h"

namespace penstock {

/// How much a line of a driver matters. Values cross the driver ABI.
enum class DriverLogLevel : std::uint8_t { kDebug = 0, kInfo = 1, kWarning = 2, kError = 3 };

/// What the host does for drivers: the log, the time, and calls at a time. Handed in, so that a
/// simulated device runs in virtual time without knowing it.
///
/// Ownership: shared by the drivers created with it.
/// Thread-safety: everything from any thread.
class HostServices {
 public:
  using Call = void (*)(void* argument);

  virtual ~HostServices() = default;

  virtual void log(DriverLogLevel level, std::string_view text) noexcept = 0;
  [[nodiscard]] virtual TimePoint now() const noexcept = 0;

  /// Calls `call(argument)` once at `when` or soon after; calls due at the same time come in the
  /// order of asking. Returns a ticket, or 0 if the host is shutting down.
  virtual std::uint64_t call_at(TimePoint when, Call call, void* argument) noexcept = 0;

  /// Takes a call back and returns whether it was prevented. After it returns the call is not
  /// running and will not run; it waits for one that runs on another thread. 0 is no call.
  virtual bool cancel_call(std::uint64_t ticket) noexcept = 0;

  /// The driver that computes on the host for simulated devices, or null. Lives as long as this.
  [[nodiscard]] virtual const PenstockDriverApi* reference_driver() const noexcept {
    return nullptr;
  }

 protected:
  HostServices() = default;
  HostServices(const HostServices&) = default;
  HostServices& operator=(const HostServices&) = default;
};

}  // namespace penstock
