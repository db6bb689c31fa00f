#pragma once

#include <optional>

#include "engine/base/clock.h"
#include "engine/schedule/schedule_state.h"

/// The books of a change of residence: what both its choice and its course need.
namespace penstock {

/// Returns an empty change on the device's list, with an epoch of its own.
ChangeState& new_change(DeviceState& device);
/// Takes a change off its device's list and keeps it for the next one.
void drop_change(DeviceState& device, const ChangeState& change);

/// Stops everything that lies on the sub-devices of the change.
void pause_others(DeviceState& device, ChangeState& change);
/// Lets those that stayed work again.
void resume_paused(ChangeState& change);

/// Returns a line for the ring that names the lane.
Decision decision_of(DecisionKind kind, const LaneState& lane, TimePoint now);
/// Returns one that names the change, who comes, and the first of those who leave.
Decision decision_of(DecisionKind kind, const ChangeState& change, TimePoint now);

/// Makes `wake` `at` if that is to come, and sooner.
void earlier(std::optional<TimePoint>& wake, std::optional<TimePoint> at, TimePoint now);

}  // namespace penstock
