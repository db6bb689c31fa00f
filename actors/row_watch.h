#pragma once

#include <caf/actor_config.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "actors/local_turns.h"
#include "actors/messages/run_messages.h"

namespace penstock::actors {

/// Looks every now and then for turns that wait behind one that is suddenly long, and has them made
/// by another worker.
///
/// Supervisor: the workers; it ends with them.
class RowWatch final : public RowWatchActor::base {
 public:
  /// `rows` outlives the actor.
  RowWatch(caf::actor_config& config, LocalTurnsBook* rows)
      : RowWatchActor::base(config),
        rows_(rows) {}

  behavior_type make_behavior() override;

 private:
  void set_timer();

  LocalTurnsBook* rows_;
};

}  // namespace penstock::actors
