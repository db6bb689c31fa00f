#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "drivers/api/driver.h"

namespace penstock {

/// A device of a set, and the driver that opens it.
struct DeviceChoice {
  std::shared_ptr<Driver> driver;
  DeviceInfo info;
};

/// The drivers that a program was linked with or has loaded, in order of preference.
///
/// Thread-safety: filled by one thread, then read by any.
class DriverSet {
 public:
  /// Errors: `kInvalidArgument` if a driver of this name is in the set.
  Status add(Driver driver);

  [[nodiscard]] const std::vector<std::shared_ptr<Driver>>& drivers() const noexcept {
    return drivers_;
  }

  /// Returns the driver of that name, or null.
  [[nodiscard]] std::shared_ptr<Driver> find(std::string_view name) const;

  /// Returns every device of every driver, in the drivers' order. A driver that cannot enumerate
  /// hides its devices only; its error goes to `failures`, if given. May block.
  std::vector<DeviceChoice> devices(std::vector<Error>* failures = nullptr) const;

  /// Returns the first device of kind `word`: cpu, gpu, npu, sim, noop; or `auto`, which is the
  /// first gpu or npu, else the first cpu, and never sim or noop. With `identity`, only that
  /// device, with `driver` only one of that driver. May block.
  /// Errors: `kInvalidArgument` for another word, naming the known ones; `kNotFound` if there is no
  /// such device or driver, listing those that there are.
  Result<DeviceChoice> select(std::string_view word,
                              std::string_view identity = {},
                              std::string_view driver = {}) const;

 private:
  std::vector<std::shared_ptr<Driver>> drivers_;
};

}  // namespace penstock
