#pragma once

#include "engine/base/clock.h"
#include "engine/schedule/schedule_state.h"

/// Keeps flows in the queues of the lanes where their requests may start. A flow waits while its
/// head can start: the flow is not closed, its client may start something, and the request is the
/// head of all flows that it has frames of.
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

/// Queues a request (again) in each of its open flows and lets them wait.
void enqueue(ScheduleState& state, RequestSlot slot, TimePoint now);
/// Takes a request out of the queues of its flows; their lanes follow.
void dequeue(ScheduleState& state, RequestSlot slot, TimePoint now);
/// Takes a request out of the queue of a flow that is closed; it waits on for the others.
void withdraw(ScheduleState& state, RequestSlot slot, FlowState& closed, TimePoint now);

/// Returns whether all flows of the request are closed.
bool is_unwanted(const ScheduleState& state, RequestSlot slot) noexcept;

/// Returns the flow's place on the lane, or null.
FlowLane* lane_of(const FlowState& flow, const LaneState& lane) noexcept;

/// Notes that a request left: `FinishRequest` goes out with the next decision, and those of its
/// flows are freed that were closed and have nothing else. Pre: neither queued nor running.
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
