#pragma once

#include <optional>

#include "engine/schedule/schedule_state.h"

namespace penstock {

/// `Scheduler::published_wait_bound`. Cost: by all flows on the flow's devices.
std::optional<Duration> wait_bound_of(const ScheduleState& state, const FlowState& flow);

}  // namespace penstock
