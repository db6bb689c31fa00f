#include "drivers/loader/plugin_loader.h"
#include "drivers/noop/noop_subject.h"

namespace penstock::testing {
namespace {

const PenstockDriverApi& loaded_noop() {
  static const PenstockDriverApi* const kApi =
      load_driver_plugin("drivers/noop/libpenstock_noop.so").value();
  return *kApi;
}

INSTANTIATE_TEST_SUITE_P(NoopPlugin,
                         DriverConformance,
                         ::testing::Values(noop_subject(loaded_noop())));

}  // namespace
}  // namespace penstock::testing
