#pragma once

#include <memory>
#include <string>
#include <utility>

#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>

namespace penstock::testing {

/// Holds the failures of a test back that is known to fail for now, and fails it if there are none:
/// a list of known failures is then exact in both directions. A check that ends the process cannot
/// be held back.
class ExpectedFailures {
 public:
  explicit ExpectedFailures(std::string reason)
      : reason_(std::move(reason)),
        reporter_(::testing::ScopedFakeTestPartResultReporter::INTERCEPT_ALL_THREADS, &results_) {}

  ExpectedFailures(const ExpectedFailures&) = delete;
  ExpectedFailures& operator=(const ExpectedFailures&) = delete;
  ~ExpectedFailures() = default;

  [[nodiscard]] bool found_any() const {
    bool found = false;
    for (int i = 0; i < results_.size(); ++i) {
      found = found || results_.GetTestPartResult(i).failed();
    }
    return found;
  }

  [[nodiscard]] const std::string& reason() const { return reason_; }

 private:
  std::string reason_;
  ::testing::TestPartResultArray results_;
  ::testing::ScopedFakeTestPartResultReporter reporter_;
};

/// Ends the holding back. Fails the test if nothing had failed.
inline void finish(std::unique_ptr<ExpectedFailures> expected) {
  const bool found = expected->found_any();
  const std::string reason = expected->reason();
  expected.reset();
  EXPECT_TRUE(found) << "listed as failing (" << reason << "), but it passes: take it off the list";
}

}  // namespace penstock::testing
