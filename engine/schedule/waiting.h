#pragma once

#include "engine/base/clock.h"
#include "engine/schedule/schedule_state.h"

/// Keeps flows in the queues of the lanes where their requests may start. A flow waits while it has
/// requests queued, is not closed, and its client may start something.
namespace penstock {

inline void mark_dirty(ScheduleState& state, const DeviceState& device) noexcept {
  state.dirty |= std::uint64_t{1} << device.number.value;
}

/// Where `ClientState::tags` and `active` keep a device and class.
inline std::size_t tag_index(const DeviceState& device, std::uint8_t rank) noexcept {
  return device.number.index() * kPriorityClasses + rank;
}

/// Puts a flow into its lanes or takes it out, as its state now demands.
void update_waiting(ScheduleState& state, FlowState& flow, TimePoint now);
/// Makes all flows of the flow's share ready when together they have what they must.
void update_ready(ScheduleState& state, const FlowState& flow, TimePoint now);
/// Takes a flow out of its lanes, whatever its state.
void stop_waiting(ScheduleState& state, FlowState& flow) noexcept;

/// Queues a request (again) and lets its flow wait.
void enqueue(ScheduleState& state, RequestSlot slot, TimePoint now);
/// Takes a request out of its flow's queue; the flow's lanes follow.
void dequeue(ScheduleState& state, RequestSlot slot, TimePoint now);

/// Notes that a request left: `FinishRequest` goes out with the next decision. Pre: neither queued
/// nor running.
void finish(ScheduleState& state, RequestSlot slot, FinishReason reason);

/// Lets all flows of the client wait, or none, as its gates now demand.
void update_gate(ScheduleState& state, ClientState& client, TimePoint now);

/// Moves virtual time on (or back) by `service` for one who was served on the lane.
void charge(FlowLane& lane, double service);

/// Decides anew which lanes the flow may use; ends what waits if there is none for ever.
void route(ScheduleState& state, FlowState& flow, TimePoint now);
void route_all(ScheduleState& state, PackageState& package, TimePoint now);
/// Round robin: the next request goes to the next usable device.
void advance_round_robin(ScheduleState& state, FlowState& flow, TimePoint now);

/// Returns whether requests of the lane could run now or after a swap.
bool is_usable(const LaneState& lane) noexcept;
/// Returns whether they never will.
bool is_hopeless(const LaneState& lane) noexcept;

}  // namespace penstock
