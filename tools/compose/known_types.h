#pragma once

#include <memory>

#include "drivers/api/driver_set.h"
#include "drivers/api/host_services.h"
#include "engine/base/result.h"
#include "engine/graph/type_registry.h"
#include "engine/nodes/node_catalogue.h"

namespace penstock {

/// What this program knows, all of it named here: types of actors and devices, the classes behind
/// them, and the drivers that are linked in.

/// Returns every type that graphs may use.
TypeRegistry make_registry();

/// Returns the classes behind them.
NodeCatalogue make_catalogue();

/// Starts the drivers, in order of preference. May block.
/// Errors: of `Driver::create`, naming the driver.
Result<DriverSet> make_drivers(std::shared_ptr<HostServices> host);

}  // namespace penstock
