#include "actors/shell_set.h"

#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

#include "actors/runnable_shell.h"

namespace penstock::actors {

void ShellSet::add(Runnable& runnable, const Clock* clock) {
  auto bell = std::make_unique<Bell>();
  bell->actor = system_.spawn<RunnableShell>(&runnable, clock);
  runnable.set_driver(
      {[](void* context) { caf::anon_send(static_cast<Bell*>(context)->actor, wake_atom::value); },
       bell.get()});
  bells_.push_back(std::move(bell));
}

void ShellSet::stop() {
  caf::scoped_actor self{system_};
  for (const auto& bell : bells_) {
    self->monitor(bell->actor);
    caf::anon_send_exit(bell->actor, caf::exit_reason::user_shutdown);
  }
  std::size_t left = bells_.size();
  self->receive_while([&] { return left > 0; })([&](caf::down_msg&) { --left; });
}

}  // namespace penstock::actors
