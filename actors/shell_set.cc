#include "actors/shell_set.h"

#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

#include "actors/runnable_shell.h"

namespace penstock::actors {

void ShellSet::add(Runnable& runnable, const Clock* clock) {
  auto driver = std::make_unique<RunnableDriver>(runnable, clock, workers_.rows);
  driver->use(workers_.system->spawn<RunnableShell>(driver.get()));
  runnable.set_driver(
      {[](void* context) { static_cast<RunnableDriver*>(context)->ring(); }, driver.get()});
  drivers_.push_back(std::move(driver));
}

void ShellSet::stop() {
  caf::scoped_actor self{*workers_.system};
  for (const auto& driver : drivers_) {
    self->monitor(driver->shell());
    caf::anon_send_exit(driver->shell(), caf::exit_reason::user_shutdown);
  }
  std::size_t left = drivers_.size();
  self->receive_while([&] { return left > 0; })([&](caf::down_msg&) { --left; });
}

}  // namespace penstock::actors
