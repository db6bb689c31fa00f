#pragma once

#include <cstddef>
#include <map>
#include <ostream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "drivers/api/driver.h"
#include "drivers/conformance/completion_waiter.h"

namespace penstock::testing {

/// A model and how to load it.
struct Load {
  std::string path;
  DriverOptions options;
};

/// A load that must be refused.
struct RefusedLoad {
  std::string why;
  Load load;
  Errc code = Errc::kInvalidArgument;
  std::string in_message;  ///< What the error must name.
};

/// What the suite needs to know of a driver. One line a driver in its own test binary:
/// @code
///   INSTANTIATE_TEST_SUITE_P(Noop, DriverConformance, ::testing::Values(noop_subject()));
/// @endcode
struct ConformanceSubject {
  std::string label;
  const PenstockDriverApi* api = nullptr;
  DriverOptions driver_options;
  std::string device;  ///< The identity that is put to the test.
  Load quick;          ///< Of fixed shapes, with at least one input and one output.
  Load slow;           ///< An inference takes some milliseconds at least.
  Load limited;        ///< Allows two requests.
  Load lost;           ///< The device is lost after the first inference.
  std::vector<RefusedLoad> refused;
  std::size_t inferences = 200;                   ///< By each of the threads in the long tests.
  std::size_t leak_tolerance_bytes = 512 * 1024;  ///< Heap that one cycle of load may keep.
  /// Tests that this driver cannot pass by its nature, with the reason. A name that no test has
  /// fails the run.
  std::map<std::string, std::string> unsupported;
};

inline std::ostream& operator<<(std::ostream& out, const ConformanceSubject& subject) {
  return out << subject.label;
}

/// The suite that every driver passes: what engine and actors rely on, beyond what the compiler
/// checks. It speaks through drivers/api only.
class DriverConformance : public ::testing::TestWithParam<ConformanceSubject> {
 protected:
  DriverConformance();
  void SetUp() override;

  [[nodiscard]] const ConformanceSubject& subject() const { return GetParam(); }

  /// Starts a driver of its own, for tests that end it.
  Driver start();
  LoadedModel load(const Load& load);

  /// Returns maps for all inputs or outputs, filled with `fill`.
  static std::vector<FeatureMap> inputs_of(const LoadedModel& model, std::uint8_t fill);
  static std::vector<FeatureMap> outputs_of(const LoadedModel& model, std::uint8_t fill);

  CompletionWaiter waiter_;
  Driver driver_;
  Device device_;
  CompletionQueue queue_;
};

}  // namespace penstock::testing
