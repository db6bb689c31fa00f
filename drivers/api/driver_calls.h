#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "engine/base/clock.h"
#include "engine/base/result.h"

namespace penstock {

/// How long a driver may take over calls that do little before they count as hung. What may rightly
/// take minutes, `load` and `explain`, has no limit.
struct CallLimits {
  Duration answer = std::chrono::seconds(30);  ///< create, enumerate, inspect, open, properties.
  Duration close = std::chrono::seconds(10);   ///< close_device, destroy.
};

/// A call of a driver, as messages name it.
struct DriverCall {
  std::string driver;  ///< "mine"
  std::string text;    ///< "'open_device' of device 'mine:0'"
};

/// Makes a call that may block: `body`, on a thread of its own where there is a limit.
///
/// What has not come back within `limit` is left to its thread, for ever if need be: nothing can
/// end it. That is safe because the thread owns all that `body` holds, which refers to nothing that
/// may go before it. The same call is not made again before the one that was left comes back, so
/// that there are never more such threads than different calls. A program that ends meanwhile does
/// so without destructors of static objects (`std::_Exit`), since the driver may use its own.
///
/// Thread-safety: any thread. Cost: with a limit, a thread a call.
/// Errors: `kDeadlineExceeded`, naming call and limit; at once if the same call was left before.
Status make_driver_call(const DriverCall& call,
                        std::optional<Duration> limit,
                        std::function<void()> body);

/// Returns a call that was left and has not come back: of any driver, or of `driver`; empty if
/// there is none.
std::string left_driver_call(const std::string& driver = {});

/// Returns what drivers are at now, "driver 'mine' is in 'open_device' of device 'mine:0'"; empty
/// if none is in a call that may block. Thread-safety: any thread.
std::string driver_calls_at_work();

}  // namespace penstock
