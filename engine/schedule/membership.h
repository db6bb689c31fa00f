#pragma once

#include "engine/base/clock.h"
#include "engine/schedule/schedule_state.h"

/// Who takes part: devices, packages, clients, flows, and their knobs.
namespace penstock {

void add_device(ScheduleState& state, const AddDevice& event);
void add_package(ScheduleState& state, const AddPackage& event);
void place_package(ScheduleState& state, const PlacePackage& event, TimePoint now);
void remove_package(ScheduleState& state, const RemovePackage& event, TimePoint now);
void add_client(ScheduleState& state, const AddClient& event);
void remove_client(ScheduleState& state, const RemoveClient& event, TimePoint now);
void open_flow(ScheduleState& state, const OpenFlow& event, TimePoint now);
/// Ends what waits with `reason`; what runs ends with it when its batch does; but for requests that
/// have frames of open flows, which go on for them.
void close_flow(ScheduleState& state, FlowState& flow, FinishReason reason, TimePoint now);
void set_knobs(ScheduleState& state, const SetClientKnobs& event, TimePoint now);
void set_knobs(ScheduleState& state, const SetFlowKnobs& event, TimePoint now);

/// Frees what was closed or removed and is not used any more.
void forget(ScheduleState& state);

/// Returns what has this number, or null.
template <class T, class Number>
T* find_by(const std::vector<T*>& table, Number number) noexcept {
  return number.index() < table.size() ? table[number.index()] : nullptr;
}

/// Makes what is resident for ever resident.
void add_permanent_residence(ScheduleState& state, LaneState& lane, TimePoint now);
/// Takes a residence off its device's list and keeps it for the next one.
void drop_residence(DeviceState& device, ResidenceState& residence);
/// Returns an empty residence on the device's list.
ResidenceState& new_residence(DeviceState& device);
/// Counts a residence among those of its lane that are ready or draining, and no more.
void count_in(const ResidenceState& residence) noexcept;
void count_out(const ResidenceState& residence) noexcept;

}  // namespace penstock
