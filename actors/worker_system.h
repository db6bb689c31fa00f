#pragma once

#include <cstdint>
#include <memory>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>

#include "actors/workers.h"

namespace penstock::actors {

/// What is behind `Workers`: kept out of its header, so that users of graphs need no CAF.
struct Workers::System {
  explicit System(std::uint32_t count);

  std::uint32_t workers;
  caf::actor_system_config config;
  std::unique_ptr<caf::actor_system> system;
};

}  // namespace penstock::actors
