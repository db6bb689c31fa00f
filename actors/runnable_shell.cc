#include "actors/runnable_shell.h"

namespace penstock::actors {

RunnableShell::RunnableShell(caf::actor_config& config, RunnableDriver* driver)
    : RunnableActor::base(config),
      driver_(driver) {}

RunnableActor::behavior_type RunnableShell::make_behavior() {
  set_exit_handler([this](caf::exit_msg& message) {
    if (driver_->close()) {
      quit(message.reason);
    } else {
      exit_reason_ = message.reason;
    }
  });
  return {[this](tick_atom) { driver_->on_tick(); },
          [this](unblock_atom) { driver_->on_unblock(); },
          [this](closed_atom) { quit(exit_reason_.value_or(caf::exit_reason::user_shutdown)); }};
}

}  // namespace penstock::actors
