#include "drivers/conformance/conformance_support.h"

#include <cstring>
#include <utility>

#include <malloc.h>

#include "engine/base/check.h"

namespace penstock::testing {

FeatureMap filled_map(const std::shared_ptr<const TensorSpec>& spec, std::uint8_t fill) {
  const std::size_t bytes = spec->shape.dense_bytes(spec->type).value();
  Buffer buffer = Buffer::allocate(bytes);
  std::memset(buffer.mutable_data(), fill, bytes);
  return make_feature_map(spec, spec->shape, std::move(buffer)).value();
}

std::size_t heap_in_use() {
  return mallinfo2().uordblks + mallinfo2().hblkhd;
}

Device open_named(Driver& driver, const std::string& identity, Doorbell changed) {
  auto device = driver.open(identity, changed);
  PENSTOCK_CHECK(device.has_value()) << device.error().message;
  return std::move(device).value();
}

}  // namespace penstock::testing
