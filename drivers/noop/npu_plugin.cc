// A plug-in for tests: the driver that does nothing under the name `PLUGIN_NAME` (BUILD has them),
// whose devices say that they are real accelerators.
#include <cstdint>

#include "drivers/noop/noop_driver.h"
#include "drivers/plugin/penstock_driver.h"

namespace {

using Visit = void (*)(void* context, const PenstockDeviceInfo* info);

struct Visitor {
  Visit visit;
  void* context;
};

void show_as_npu(void* context, const PenstockDeviceInfo* info) {
  const auto* visitor = static_cast<const Visitor*>(context);
  PenstockDeviceInfo npu = *info;
  npu.kind = PENSTOCK_DEVICE_NPU;
  npu.name = "does nothing, and says it is an NPU";
  visitor->visit(visitor->context, &npu);
}

std::int32_t enumerate(PenstockDriver* driver, Visit visit, void* context, PenstockError* error) {
  Visitor visitor{visit, context};
  return penstock::noop_driver_api().enumerate(driver, show_as_npu, &visitor, error);
}

PenstockDriverApi changed_api() {
  PenstockDriverApi api = penstock::noop_driver_api();
  api.name = PLUGIN_NAME;
  api.enumerate = enumerate;
  return api;
}

}  // namespace

extern "C" const PenstockDriverApi* penstock_driver_entry(std::uint32_t abi_major) {
  static const PenstockDriverApi table = changed_api();
  return abi_major == PENSTOCK_DRIVER_ABI_MAJOR ? &table : nullptr;
}
