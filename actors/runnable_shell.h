#pragma once

#include <cstdint>
#include <optional>

#include <caf/actor_config.hpp>
#include <caf/error.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "actors/messages/run_messages.h"
#include "engine/base/clock.h"
#include "engine/run/runnable.h"

namespace penstock::actors {

/// Drives one runnable: a message is a turn. What may block goes to a thread of its own for just
/// that turn, so that a file system that hangs holds up nobody else.
///
/// Supervisor: the graph actor owns the handle; the shell ends with the run.
class RunnableShell final : public RunnableActor::base {
 public:
  RunnableShell(caf::actor_config& config, Runnable* runnable, const Clock* clock);

  behavior_type make_behavior() override;

 private:
  void turn();
  void block();
  void set_timer();

  Runnable* runnable_;
  const Clock* clock_;
  bool blocked_ = false;
  bool finished_ = false;
  std::optional<caf::error> exit_reason_;  // Told to end while blocked.
  std::optional<TimePoint> timer_;
  std::uint64_t timer_number_ = 0;
};

}  // namespace penstock::actors
