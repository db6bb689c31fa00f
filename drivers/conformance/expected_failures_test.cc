#include "drivers/conformance/expected_failures.h"

#include <memory>
#include <thread>

namespace penstock::testing {
namespace {

TEST(ExpectedFailures, LetATestPassThatFailsAsListed) {
  auto expected = std::make_unique<ExpectedFailures>("the device forgets");
  ADD_FAILURE() << "held back";
  finish(std::move(expected));
}

TEST(ExpectedFailures, HoldBackWhatAnotherThreadReports) {
  auto expected = std::make_unique<ExpectedFailures>("the device forgets");
  std::thread([] { ADD_FAILURE() << "held back"; }).join();
  finish(std::move(expected));
}

TEST(ExpectedFailures, FailATestThatPassesThoughListed) {
  EXPECT_NONFATAL_FAILURE(finish(std::make_unique<ExpectedFailures>("the device forgets")),
                          "listed as failing (the device forgets), but it passes");
}

}  // namespace
}  // namespace penstock::testing
