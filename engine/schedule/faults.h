#pragma once

#include <cstdint>
#include <optional>

#include "engine/base/clock.h"
#include "engine/schedule/decision_ring.h"
#include "engine/schedule/schedule_state.h"

/// Devices that fail, are reset with back-off, come back, or are given up.
namespace penstock {

/// Why a device is faulty: for the ring.
struct FaultCause {
  DecisionReason reason = DecisionReason::kReported;
  std::uint32_t reported = 0;  ///< The caller's own id, where the caller says so.
};

/// Takes the device for faulty: nothing is resident any more; what runs is out until its
/// `BatchDone`; its flows go elsewhere where they may.
void fault_device(ScheduleState& state, DeviceState& device, FaultCause cause, TimePoint now);
void device_ready(ScheduleState& state, const DeviceReady& event, TimePoint now);
void remove_device(ScheduleState& state, const RemoveDevice& event, TimePoint now);

/// Asks for resets that are due; takes resets and changes without answer for faults. Returns when
/// to look again.
std::optional<TimePoint> watch_device(ScheduleState& state,
                                      DeviceState& device,
                                      TimePoint now,
                                      SchedulerActions& out);

}  // namespace penstock
