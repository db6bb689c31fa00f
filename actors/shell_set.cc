#include "actors/shell_set.h"

#include <algorithm>
#include <utility>

#include <caf/actor_addr.hpp>
#include <caf/actor_cast.hpp>
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

void ShellSet::stop(const std::function<void(std::vector<std::string> names)>& on_left) {
  caf::scoped_actor self{*workers_.system};
  std::vector<const RunnableDriver*> left;
  for (const auto& driver : drivers_) {
    self->monitor(driver->shell());
    caf::anon_send_exit(driver->shell(), caf::exit_reason::user_shutdown);
    left.push_back(driver.get());
  }
  const auto tell = [&] {
    if (!on_left || left.empty()) {
      return;
    }
    std::vector<std::string> names;
    for (const RunnableDriver* driver : left) {
      if (driver->is_in_turn()) {
        names.push_back(driver->name());
      }
    }
    on_left(std::move(names));
  };
  tell();
  self->receive_while([&] { return !left.empty(); })([&](caf::down_msg& message) {
    left.erase(std::remove_if(left.begin(),
                              left.end(),
                              [&](const RunnableDriver* driver) {
                                return message.source ==
                                       caf::actor_cast<caf::actor_addr>(driver->shell());
                              }),
               left.end());
    tell();
  });
}

}  // namespace penstock::actors
