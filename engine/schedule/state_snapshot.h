#pragma once

#include "engine/schedule/schedule_state.h"

namespace penstock {

/// `Scheduler::snapshot`.
SchedulerSnapshot snapshot_of(const ScheduleState& state, TimePoint now);

}  // namespace penstock
