#include <cstdint>

#include "drivers/noop/noop_driver.h"
#include "drivers/plugin/penstock_driver.h"

/// What makes a shared object a plug-in: the one symbol that a loader looks for.
extern "C" const PenstockDriverApi* penstock_driver_entry(std::uint32_t abi_major) {
  return abi_major == PENSTOCK_DRIVER_ABI_MAJOR ? &penstock::noop_driver_api() : nullptr;
}
