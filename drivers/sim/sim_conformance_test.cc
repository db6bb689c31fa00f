#include <string>

#include "drivers/conformance/driver_conformance.h"
#include "drivers/sim/sim_driver.h"

namespace penstock::testing {
namespace {

ConformanceSubject sim_subject(const std::string& profile,
                               const std::string& identity,
                               const std::string& clock,
                               const std::string& weight_bytes) {
  ConformanceSubject subject;
  subject.label = profile;
  subject.api = &sim_driver_api();
  subject.driver_options = {{"devices", "mx3, metis, aries"}, {"compute", "none"}};
  subject.device = identity;
  const DriverOptions base = {{"inputs", "image:u8:1x8x8x3:NHWC, size:f32:2"},
                              {"outputs", "boxes:f32:1x10x4, scores:f32:1x10"},
                              {"residence", "resident"},
                              {"service", "20us"}};
  const auto with = [&](const std::string& name, const std::string& value) {
    DriverOptions options = base;
    options[name] = value;
    return options;
  };
  subject.quick.options = base;
  subject.slow.options = with("service", "5ms");
  subject.limited.options = with("max_requests", "2");
  subject.lost.options = with("faults", "[{kind: lost, after: 1}]");
  subject.throttled.options =
      with("faults", "[{kind: lost, after: 1}, {kind: throttle, after: 1}]");
  // Models come and go here, and a few of them fill the device.
  subject.placed.options = with("work.weight_bytes", weight_bytes);
  subject.placed.options.erase("residence");
  subject.crowd = 12;
  subject.bucketed.options = {{"inputs", "image:f32:?x3x?x?:NCHW, bias:i32:?"},
                              {"outputs", "boxes:f32:?x10x4, masks:f32:?x4x?x?"},
                              {"residence", "resident"},
                              {"shape.image", "1x3x16x16, 1x3x32x24"},
                              {"shape.bias", "1"},
                              {"batch", "4"},
                              {"batch.buckets", "1, 2"}};
  subject.pending = {"clock", clock, -1};
  subject.refused = {
      {"a bad shape",
       {"", with("inputs", "image:u8:1xx3")},
       Errc::kInvalidArgument,
       "'inputs' is 'image:u8:1xx3'"},
      {"no such mode", {"", with("mode", "octo")}, Errc::kInvalidArgument, "'octo'"},
      {"a bad script", {"", with("faults", "[{kind: bang}]")}, Errc::kInvalidArgument, "'bang'"},
      {"too large", {"", with("work.weight_bytes", "90000000000")}, Errc::kUnsupported, "too few"},
      {"nothing to compute with",
       {"", with("compute", "reference")},
       Errc::kInvalidArgument,
       "'compute'"},
  };
  subject.inferences = 200;
  return subject;
}

INSTANTIATE_TEST_SUITE_P(Mx3,
                         DriverConformance,
                         ::testing::Values(sim_subject("mx3", "mx3-0", "800", "1000000")));
INSTANTIATE_TEST_SUITE_P(Metis,
                         DriverConformance,
                         ::testing::Values(sim_subject("metis", "metis-0:1:0", "400", "1000000")));
INSTANTIATE_TEST_SUITE_P(Aries,
                         DriverConformance,
                         ::testing::Values(sim_subject("aries", "aries0", "500", "1500000000")));

}  // namespace
}  // namespace penstock::testing
