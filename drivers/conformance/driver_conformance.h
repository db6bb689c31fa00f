#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "drivers/api/driver.h"
#include "drivers/conformance/completion_waiter.h"
#include "drivers/conformance/expected_failures.h"

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

/// A value that a property can take, other than the one it has at first.
struct Setting {
  std::string name;
  std::string value;
  std::int32_t sub_device = -1;
};

/// What the suite needs to know of a driver. One line a driver in its own test binary:
/// @code
///   INSTANTIATE_TEST_SUITE_P(Noop, DriverConformance, ::testing::Values(noop_subject()));
/// @endcode
/// Models that need activation are made resident on their first placement before they are used.
struct ConformanceSubject {
  std::string label;
  const PenstockDriverApi* api = nullptr;
  DriverOptions driver_options;
  std::string device;  ///< The identity that is put to the test.
  Load quick;          ///< Of fixed shapes, with at least one input and one output.
  Load slow;           ///< An inference takes some milliseconds at least.
  Load limited;        ///< Allows two requests.
  Load lost;           ///< The device is lost after the first inference.
  Load throttled;      ///< Lost likewise, and degraded once it is reset; none given: never that.
  Load placed;         ///< Needs activation.
  Load bucketed;       ///< Has two buckets or more; none given: the driver has no buckets.
  Setting pending;     ///< Is not in force at once.
  std::vector<RefusedLoad> refused;
  std::size_t inferences = 200;                   ///< By each of the threads in the long tests.
  std::size_t leak_tolerance_bytes = 512 * 1024;  ///< Heap that one cycle of load may keep.
  std::size_t crowd = 16;  ///< So many instances of `placed` do not fit on one placement.
  /// Tests that this driver cannot pass by its nature, with the reason: they are left out.
  std::map<std::string, std::string> unsupported;
  /// Tests that it fails for now, with the reason. They are run: one that passes fails the run. A
  /// name in either list that no test has fails the run too.
  std::map<std::string, std::string> failing;
};

inline std::ostream& operator<<(std::ostream& out, const ConformanceSubject& subject) {
  return out << subject.label;
}

/// The suite that every driver passes: what engine and actors rely on, beyond what the compiler
/// checks. It speaks through drivers/api only. Its tests are in *_conformance.cc, by theme.
class DriverConformance : public ::testing::TestWithParam<ConformanceSubject> {
 protected:
  DriverConformance();
  void SetUp() override;
  void TearDown() override;

  [[nodiscard]] const ConformanceSubject& subject() const { return GetParam(); }

  /// Starts a driver of its own, for tests that end it.
  Driver start();
  /// Loads on `device_`.
  LoadedModel load(const Load& load);
  /// Loads on `device_` and makes it resident where that is needed.
  LoadedModel load_ready(const Load& load);
  /// Makes a model resident on its first placement, if it needs that.
  static void make_resident(LoadedModel& model);

  /// Returns maps for all inputs or outputs, filled with `fill`.
  static std::vector<FeatureMap> inputs_of(const LoadedModel& model, std::uint8_t fill);
  static std::vector<FeatureMap> outputs_of(const LoadedModel& model, std::uint8_t fill);

  CompletionWaiter waiter_;
  Driver driver_;
  Device device_;
  CompletionQueue queue_;

 private:
  std::unique_ptr<ExpectedFailures> expected_failures_;
};

}  // namespace penstock::testing
