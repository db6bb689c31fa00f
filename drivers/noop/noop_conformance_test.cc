#include "drivers/conformance/driver_conformance.h"
#include "drivers/noop/noop_driver.h"

namespace penstock::testing {
namespace {

ConformanceSubject noop_subject() {
  ConformanceSubject subject;
  subject.label = "noop";
  subject.api = &noop_driver_api();
  subject.driver_options = {{"devices", "2"}};
  subject.device = "noop:1";
  subject.quick.options = {{"inputs", "image:u8:1x8x8x3:NHWC, size:f32:2"},
                           {"outputs", "boxes:f32:1x10x4, scores:f32:1x10"},
                           {"latency", "20us"}};
  subject.slow.options = {{"latency", "5ms"}};
  subject.limited.options = {{"max_requests", "2"}};
  subject.lost.options = {{"fault_after", "1"}};
  subject.refused = {
      {"a bad shape",
       {"", {{"inputs", "image:u8:1xx3"}}},
       Errc::kInvalidArgument,
       "'inputs' is 'image:u8:1xx3'"},
      {"a bad type", {"", {{"outputs", "a:f33:1"}}}, Errc::kInvalidArgument, "a:f33:1"},
      {"no unit", {"", {{"latency", "5"}}}, Errc::kInvalidArgument, "'latency' is '5'"},
      {"on demand", {"", {{"fail_load", "as asked"}}}, Errc::kInvalidArgument, "as asked"},
  };
  subject.inferences = 500;
  return subject;
}

INSTANTIATE_TEST_SUITE_P(Noop, DriverConformance, ::testing::Values(noop_subject()));

}  // namespace
}  // namespace penstock::testing
