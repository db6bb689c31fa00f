#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "drivers/api/device_info.h"
#include "drivers/sim/profiles/profile.h"
#include "engine/base/clock.h"
#include "engine/base/result.h"

namespace penstock::sim {

/// The properties of a simulated device: `clock` (MHz), `mvm_limit` and `power_mode` (percent)
/// where its profile has them, and the profile's own, which have no effect.
///
/// A change is pending for the profile's settling time, then in force. A later change of the same
/// property replaces one that is pending.
/// Thread-safety: none.
class DeviceSettings {
 public:
  /// What a health probe finds, which the device knows.
  static constexpr const char* kSelfTest = "self_test";

  /// `profile` must outlive this.
  explicit DeviceSettings(const Profile& profile);

  /// Returns all, those of sub-devices after the device's own.
  [[nodiscard]] std::vector<DeviceProperty> list() const;

  /// Accepts a change; returns whether it is in force at once.
  /// Errors: `kInvalidArgument` for an unknown name, naming the known ones, an unknown sub-device,
  /// a value of the wrong kind or out of its range, or a property that cannot be written.
  Result<bool> configure(const std::string& name,
                         const std::string& value,
                         std::int32_t sub_device,
                         TimePoint now);

  /// Returns when the next change that is pending will be in force.
  [[nodiscard]] std::optional<TimePoint> next_time() const noexcept { return next_; }

  /// Puts in force what is due; returns whether anything was.
  bool advance(TimePoint now);

  /// Returns the clock in force, or 0 where there is none to set.
  [[nodiscard]] double clock_mhz(int sub_device) const;
  [[nodiscard]] double mvm_ratio(int sub_device) const;
  [[nodiscard]] double power_ratio() const;

 private:
  struct Setting {
    DeviceProperty property;
    TimePoint due;
  };

  static double value_of(const Setting& setting);
  void refresh();
  void add_number(const char* name, const PercentSetting& percent, bool by_sub_device);
  Setting* find(const std::string& name, std::int32_t sub_device);
  [[nodiscard]] const Setting* find(const std::string& name, std::int32_t sub_device) const;
  [[nodiscard]] double number(const std::string& name, int sub_device, double otherwise) const;
  [[nodiscard]] Status check(const DeviceProperty& property, const std::string& value) const;
  [[nodiscard]] Error unknown(const std::string& name, std::int32_t sub_device) const;

  const Profile& profile_;
  std::vector<Setting> settings_;
  // What every frame asks for, as numbers.
  std::vector<double> clock_;
  std::vector<double> mvm_;
  double power_ = 1;
  std::optional<TimePoint> next_;
};

}  // namespace penstock::sim
