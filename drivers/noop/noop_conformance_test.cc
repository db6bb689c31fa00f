#include "drivers/noop/noop_driver.h"
#include "drivers/noop/noop_subject.h"

namespace penstock::testing {
namespace {

/// A subject with a wrong claim, listed as failing: the list is part of what is tested here.
ConformanceSubject subject_without_limit() {
  ConformanceSubject subject = noop_subject(noop_driver_api());
  subject.label = "noop_without_limit";
  subject.limited = subject.quick;
  subject.failing = {{"RefusesMoreRequestsThanTheModelAllows", "its model has no limit"}};
  return subject;
}

INSTANTIATE_TEST_SUITE_P(Noop,
                         DriverConformance,
                         ::testing::Values(noop_subject(noop_driver_api()),
                                           subject_without_limit()));

}  // namespace
}  // namespace penstock::testing
