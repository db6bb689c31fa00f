#pragma once

#include <cstdint>
#include <memory>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>

#include "actors/local_turns.h"
#include "actors/messages/run_messages.h"
#include "actors/workers.h"

namespace penstock::actors {

/// What is behind `Workers`: kept out of its header, so that users of graphs need no CAF.
struct Workers::System {
  explicit System(std::uint32_t count);
  System(const System&) = delete;
  System& operator=(const System&) = delete;
  ~System();

  std::uint32_t workers;
  LocalTurnsBook rows;
  caf::actor_system_config config;
  std::unique_ptr<caf::actor_system> system;  // Goes before what its workers use.
  RowWatchActor row_watch;                    // Goes before the system.
};

}  // namespace penstock::actors
