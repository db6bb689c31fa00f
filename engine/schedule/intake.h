#pragma once

#include "engine/base/clock.h"
#include "engine/schedule/schedule_state.h"

/// The way of requests in, and out before they run.
namespace penstock {

Admission admit(ScheduleState& state, const SubmitRequest& request, TimePoint now);
void cancel(ScheduleState& state, const CancelRequest& event, TimePoint now);
void take_outputs(ScheduleState& state, const OutputTaken& event, TimePoint now);

/// Ends heads whose deadline has passed; lets paced clients go on whose time has come.
void pass_time(ScheduleState& state, TimePoint now);

/// Gives back room for outputs that `client` held or was about to get.
void release_outputs(ScheduleState& state,
                     ClientState& client,
                     std::uint32_t frames,
                     TimePoint now);
/// Notes that `frames` of the client start: paces it if its knobs say so.
void pace(ScheduleState& state, ClientState& client, std::uint32_t frames, TimePoint now);

}  // namespace penstock
