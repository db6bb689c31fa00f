#pragma once

#include <optional>

#include <caf/actor_config.hpp>
#include <caf/error.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "actors/messages/run_messages.h"
#include "actors/runnable_driver.h"

namespace penstock::actors {

/// The actor of one runnable: hears its timer, the ends of what blocks, and the word to end. It
/// makes no turns itself (`RunnableDriver`), so that it always hears.
///
/// Told to end, it does so after the turn that is owed or under way, on whichever worker, so that
/// its end says that nobody works on the runnable any more.
///
/// Supervisor: the graph actor owns the handle; the shell ends with the run.
class RunnableShell final : public RunnableActor::base {
 public:
  /// `driver` outlives the actor.
  RunnableShell(caf::actor_config& config, RunnableDriver* driver);

  behavior_type make_behavior() override;

 private:
  RunnableDriver* driver_;
  std::optional<caf::error> exit_reason_;  // Told to end during a turn.
};

}  // namespace penstock::actors
