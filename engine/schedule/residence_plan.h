#pragma once

#include <optional>

#include "engine/base/clock.h"
#include "engine/schedule/schedule_state.h"

/// Who comes in next, where, and who leaves for it. What was chosen waits for `start_changes`.
namespace penstock {

/// Chooses changes for lanes that want to come in. `wake` becomes when time alone may allow one.
void plan_changes(ScheduleState& state,
                  DeviceState& device,
                  TimePoint now,
                  std::optional<TimePoint>& wake);

}  // namespace penstock
