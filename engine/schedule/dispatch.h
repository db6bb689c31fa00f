#pragma once

#include "engine/base/clock.h"
#include "engine/schedule/schedule_state.h"

/// Who runs next on what is resident.
namespace penstock {

/// Returns how the lane stands now.
Standing standing_of(const LaneState& lane, TimePoint now);

/// Returns whether a batch may leave: a full one, one whose wait is over, or an overdue head.
bool can_form_batch(const LaneState& lane, TimePoint now) noexcept;

/// Starts batches until every residence of the device is busy or has nothing to do.
void dispatch(ScheduleState& state, DeviceState& device, TimePoint now, SchedulerActions& out);

}  // namespace penstock
