#pragma once

#include <cstdint>

#include <caf/actor_addr.hpp>
#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/atom.hpp>
#include <caf/typed_actor.hpp>

#include "engine/run/run_event.h"
#include "engine/run/runnable.h"

namespace penstock::actors {

/// A timer that the actor set for itself. The graph's has a number, which tells an old one from the
/// current one.
using tick_atom = caf::atom_constant<caf::atom("tick")>;
/// A person or the system wants the run to end.
using stop_atom = caf::atom_constant<caf::atom("stop")>;
/// The blocking part of a turn is done.
using unblock_atom = caf::atom_constant<caf::atom("unblock")>;
/// No turn is owed or under way any more, and none will be.
using closed_atom = caf::atom_constant<caf::atom("closed")>;

/// Tells the graph's supervisor what happened to a member. Never leaves the process.
struct MemberEvent {
  RunEvent event;
};

/// Looks after one runnable. Supervisor: the graph actor; its death would be a bug of ours.
using RunnableActor = caf::typed_actor<caf::reacts_to<tick_atom>,
                                       caf::reacts_to<unblock_atom>,
                                       caf::reacts_to<closed_atom>>;

/// Looks after the rows of turns of all workers. Supervisor: the workers.
using RowWatchActor = caf::typed_actor<caf::reacts_to<tick_atom>>;

/// Supervises one running graph. Supervisor: whoever started the run.
using GraphActor = caf::typed_actor<caf::reacts_to<MemberEvent>,
                                    caf::reacts_to<tick_atom, std::uint64_t>,
                                    caf::reacts_to<stop_atom>>;

}  // namespace penstock::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(penstock::actors::MemberEvent)
