#include "actors/workers.h"

#include <algorithm>
#include <string>
#include <thread>
#include <utility>

#include <caf/send.hpp>

#include "actors/row_watch.h"
#include "actors/worker_system.h"

namespace penstock::actors {

Workers::System::System(std::uint32_t count) : workers(count) {
  // Measured: work stealing polls, and hands a foreign thread's message to a worker that may be
  // busy; the shared queue wakes whoever is free.
  config.set("scheduler.policy", caf::atom("sharing"));
  config.set("scheduler.max-threads", std::size_t{count});
  config.set("scheduler.max-throughput", std::size_t{50});
  system = std::make_unique<caf::actor_system>(config);
  row_watch = system->spawn<RowWatch>(&rows);
}

Workers::System::~System() {
  caf::anon_send_exit(row_watch, caf::exit_reason::user_shutdown);
}

Result<Workers> Workers::start(std::uint32_t count) {
  if (count > kMax) {
    return Error{
        Errc::kInvalidArgument,
        "workers: " + std::to_string(count) + ", allowed are 0 to " + std::to_string(kMax)};
  }
  const std::uint32_t cores = std::max(1U, std::thread::hardware_concurrency());
  return Workers(std::make_shared<System>(count == 0 ? cores : count));
}

Workers::Workers(std::shared_ptr<System> system) : system_(std::move(system)) {}

Workers::Workers(Workers&&) noexcept = default;
Workers& Workers::operator=(Workers&&) noexcept = default;
Workers::~Workers() = default;

std::uint32_t Workers::count() const noexcept {
  return system_->workers;
}

}  // namespace penstock::actors
