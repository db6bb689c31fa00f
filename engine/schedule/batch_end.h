#pragma once

#include <cstdint>
#include <optional>

#include "engine/base/clock.h"
#include "engine/schedule/schedule_state.h"

/// How batches end, or do not: what becomes of their requests, and what it says of their device.
namespace penstock {

/// What a batch, or the coming in of its package, says of a device, or of the package there:
/// `accuse` decides of which.
struct Charge {
  LaneState* lane = nullptr;
  DecisionReason reason = DecisionReason::kNone;
  std::uint32_t reported = 0;  ///< The caller's own id of the reason, where the caller gave one.
};

/// Takes the end of a batch in; returns what is to be held against its device or package: it was
/// lost, hung, or was one failure too many.
[[nodiscard]] std::optional<Charge> complete(ScheduleState& state,
                                             const BatchDone& event,
                                             TimePoint now);

/// Takes what a batch that is out has for lost with its device, though the device may still be at
/// it: its requests run again or end, and its `BatchDone`, if ever, is of the past.
void abandon(ScheduleState& state, BatchState& batch, TimePoint now);

/// Cancels batches without answer; returns what is to be held against the device of one that had
/// none for twice the limit, or did not end by a reset.
std::optional<Charge> check_limits(ScheduleState& state, TimePoint now, SchedulerActions& out);

}  // namespace penstock
