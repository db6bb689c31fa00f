#pragma once

#include <optional>

#include "engine/base/clock.h"
#include "engine/schedule/schedule_state.h"

/// What is resident where: a change that `plan_changes` chose waits until its sub-devices are
/// drained, is started if it is still wanted, and ends with the device's answer.
///
/// A device is asked for one change at a time, also where the next one is on other sub-devices: its
/// runner carries out one and refuses a second (`DeviceRunner::change`), since drivers are written
/// for one change under way and models come over one link. The next starts with the answer to the
/// one before; who was chosen first goes first, of those that are drained.
namespace penstock {

/// Starts the changes whose sub-devices are drained, and drops those that nobody wants any more.
/// Returns whether any was dropped, so that its sub-devices can work again.
bool start_changes(ScheduleState& state, DeviceState& device, TimePoint now, SchedulerActions& out);

/// Returns the device if it is to be taken for faulty: it was lost in the change, or refused it, so
/// that the books do not say any more what lies on it. That is no failed load of the package.
DeviceState* residence_changed(ScheduleState& state, const ResidenceChanged& event, TimePoint now);

/// Lets packages come back whose back-off is over. Returns when the next one is.
std::optional<TimePoint> end_quarantines(ScheduleState& state, DeviceState& device, TimePoint now);

/// Forgets everything that is or was to become resident, as a fault does.
void drop_all_residences(DeviceState& device);

}  // namespace penstock
