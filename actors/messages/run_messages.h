#pragma once

#include <cstdint>

#include <caf/actor_addr.hpp>
#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/atom.hpp>
#include <caf/typed_actor.hpp>

#include "engine/run/run_event.h"
#include "engine/run/runnable.h"

namespace penstock::actors {

/// Says "look again": rung by edges, windows, devices; carries nothing, so that rings can be
/// merged.
using wake_atom = caf::atom_constant<caf::atom("wake")>;
/// A timer that the actor set for itself; the number tells an old timer from the current one.
using tick_atom = caf::atom_constant<caf::atom("tick")>;
/// A person or the system wants the run to end.
using stop_atom = caf::atom_constant<caf::atom("stop")>;
/// The blocking part of a turn is done.
using unblock_atom = caf::atom_constant<caf::atom("unblock")>;

/// Tells the graph's supervisor what happened to a member. Never leaves the process.
struct MemberEvent {
  RunEvent event;
};

/// Drives one runnable. Supervisor: the graph actor; its death would be a bug of ours.
using RunnableActor = caf::typed_actor<caf::reacts_to<wake_atom>,
                                       caf::reacts_to<tick_atom, std::uint64_t>,
                                       caf::reacts_to<unblock_atom>>;

/// Supervises one running graph. Supervisor: whoever started the run.
using GraphActor = caf::typed_actor<caf::reacts_to<MemberEvent>,
                                    caf::reacts_to<tick_atom, std::uint64_t>,
                                    caf::reacts_to<stop_atom>>;

}  // namespace penstock::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(penstock::actors::MemberEvent)
