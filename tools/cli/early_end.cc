#include "tools/cli/early_end.h"

#include <cstdlib>
#include <utility>

#include "drivers/api/driver_calls.h"
#include "engine/base/log.h"
#include "tools/cli/command.h"

namespace penstock {

std::function<void()> early_end(const StopSignals& signals, std::string place) {
  return [&signals, place = std::move(place)] {
    signals.end_at_next(kExitKilled);
    const std::string at_work = driver_calls_at_work();
    log_warning(place, "stopped before it ran" + (at_work.empty() ? "" : ": " + at_work));
    // Not by destructors: they would wait for what does not come back.
    std::_Exit(kExitKilled);
  };
}

}  // namespace penstock
