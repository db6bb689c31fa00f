// A plug-in for tests: the driver that does nothing under the name `PLUGIN_NAME` (BUILD has them),
// whose devices say that they are real accelerators, and which has a kind of model files of its
// own. The variable NPU_PLUGIN_HANGS_IN names a call that never comes back.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <initializer_list>
#include <string_view>

#include <unistd.h>

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

void hang_if_told(std::string_view call) {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing sets variables
  const char* const told = std::getenv("NPU_PLUGIN_HANGS_IN");
  if (told != nullptr && call == told) {
    std::fprintf(stderr, "hangs in %s\n", told);
    while (true) {
      ::pause();
    }
  }
}

std::int32_t open_device(PenstockDriver* driver,
                         const char* identity,
                         void (*ring)(void* argument),
                         void* ring_argument,
                         PenstockDevice** device,
                         PenstockError* error) {
  hang_if_told("open_device");
  return penstock::noop_driver_api().open_device(
      driver, identity, ring, ring_argument, device, error);
}

void close_device(PenstockDevice* device) {
  hang_if_told("close_device");
  penstock::noop_driver_api().close_device(device);
}

std::int32_t enumerate(PenstockDriver* driver, Visit visit, void* context, PenstockError* error) {
  Visitor visitor{visit, context};
  return penstock::noop_driver_api().enumerate(driver, show_as_npu, &visitor, error);
}

PenstockTensorInfo port_of(const char* name, std::initializer_list<std::int64_t> shape) {
  PenstockTensorInfo port{};
  port.size = sizeof(port);
  port.element_type = 1;  // f32
  port.name = name;
  port.layout = shape.size() == 4 ? "NHWC" : "";
  port.rank = static_cast<std::uint32_t>(shape.size());
  port.memory_kinds = 1U << PENSTOCK_MEMORY_HOST;
  port.alignment = 64;
  port.scale = 1;
  port.channel_axis = -1;
  std::copy(shape.begin(), shape.end(), port.shape);
  return port;
}

/// Any file that ends in ".npu" is a model with one input and one output.
std::int32_t inspect(PenstockDriver* driver,
                     const char* path,
                     const PenstockModelVisitor* visitor,
                     PenstockError* error) {
  if (!std::string_view(path).ends_with(".npu")) {
    return penstock::noop_driver_api().inspect(driver, path, visitor, error);
  }
  const PenstockTensorInfo input = port_of("in", {1, 128, 128, 3});
  const PenstockTensorInfo output = port_of("out", {1, 4});
  visitor->input(visitor->context, &input);
  visitor->output(visitor->context, &output);
  return PENSTOCK_OK;
}

PenstockDriverApi changed_api() {
  PenstockDriverApi api = penstock::noop_driver_api();
  api.name = PLUGIN_NAME;
  api.enumerate = enumerate;
  api.inspect = inspect;
  api.open_device = open_device;
  api.close_device = close_device;
  return api;
}

}  // namespace

extern "C" const PenstockDriverApi* penstock_driver_entry(std::uint32_t abi_major) {
  static const PenstockDriverApi table = changed_api();
  return abi_major == PENSTOCK_DRIVER_ABI_MAJOR ? &table : nullptr;
}
