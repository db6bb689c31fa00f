#pragma once

#include <cstdint>
#include <optional>

#include "engine/base/clock.h"
#include "engine/schedule/batch_end.h"
#include "engine/schedule/decision_ring.h"
#include "engine/schedule/schedule_state.h"

/// Devices that fail, are reset with back-off, come back, or are given up.
namespace penstock {

/// Why a device is faulty: for the ring.
struct FaultCause {
  DecisionReason reason = DecisionReason::kReported;
  std::uint32_t reported = 0;  ///< The caller's own id, where the caller says so.
  PackageNumber package{};     ///< Whose job showed it, or who was coming in, where one was.
};

/// Takes the device for faulty: nothing is resident any more; its flows go elsewhere where they
/// may. What runs is out until its `BatchDone`; where a reset before has failed, or brought nothing
/// that went well, it is waited for no longer.
void fault_device(ScheduleState& state, DeviceState& device, FaultCause cause, TimePoint now);

/// Decides whether a device or a package is at fault, and what becomes of it.
///
/// The first time it is the device, unless it works for others meanwhile: it is reset. If the
/// package fails again on a device that others use too, it is kept away from there, with back-off,
/// so that a bad model costs the others one reset at most; alone, it has the device reset again,
/// with back-off. After `reset_tries` it is given up there.
void accuse(ScheduleState& state, const Charge& charge, TimePoint now);

/// Takes the device for faulty, as `fault_device`; if a package was coming in just then, it is as
/// likely the cause as one whose job is lost (`accuse`): one that takes its device down each time
/// that it comes in must not do so for ever.
void fault_in_change(ScheduleState& state, DeviceState& device, FaultCause cause, TimePoint now);

void device_ready(ScheduleState& state, const DeviceReady& event, TimePoint now);
void remove_device(ScheduleState& state, const RemoveDevice& event, TimePoint now);

/// Asks for resets that are due; takes resets and changes without answer for faults. Returns when
/// to look again.
std::optional<TimePoint> watch_device(ScheduleState& state,
                                      DeviceState& device,
                                      TimePoint now,
                                      SchedulerActions& out);

}  // namespace penstock
