#include <cstdint>

#include "drivers/noop/noop_driver.h"
#include "drivers/plugin/penstock_driver.h"

namespace {

/// The drivers of a program have different names, and `noop` is linked in.
PenstockDriverApi named_api() {
  PenstockDriverApi api = penstock::noop_driver_api();
  api.name = "noop_plugin";
  return api;
}

}  // namespace

/// What makes a shared object a plug-in: the one symbol that a loader looks for.
extern "C" const PenstockDriverApi* penstock_driver_entry(std::uint32_t abi_major) {
  static const PenstockDriverApi table = named_api();
  return abi_major == PENSTOCK_DRIVER_ABI_MAJOR ? &table : nullptr;
}
