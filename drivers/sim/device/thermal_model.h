#pragma once

#include <string>
#include <vector>

#include "drivers/sim/profiles/profile.h"
#include "engine/base/clock.h"

namespace penstock::sim {

/// Temperature of a device and what its ladder does about it.
///
/// Each sub-device says what it takes and until when as its work starts; a look takes in what was
/// spent since the last one, as its mean over that time, so that nothing is computed between
/// events. The ladder is looked at once a tick while the device is warm; an idle, cool device has
/// no ticks. Thread-safety: none.
class ThermalModel {
 public:
  /// `figures` and `clock` must outlive this.
  ThermalModel(const ThermalFigures& figures,
               const ClockSetting& clock,
               int sub_devices,
               TimePoint start);

  /// Work of `watt`, beyond what the idle device takes, on a sub-device from now until `end`; what
  /// it did before is over.
  void start_work(int sub_device, double watt, TimePoint now, TimePoint end);

  /// All work is over now.
  void stop_work(TimePoint now);

  /// Returns whether ticks are needed: there was work, or a rung is in force, or it is still warm.
  [[nodiscard]] bool needs_ticks() const;

  /// Moves the temperature to `now` and looks at the ladder; returns whether anything changed that
  /// speed or health depends on.
  bool tick(TimePoint now);

  [[nodiscard]] double temperature(TimePoint now) const;

  [[nodiscard]] double watt() const noexcept { return watt_; }

  [[nodiscard]] bool is_warned() const { return is_on(ThermalRung::Action::kWarn); }

  [[nodiscard]] bool is_shut_down() const { return is_on(ThermalRung::Action::kShutdown); }

  [[nodiscard]] bool is_throttled() const {
    return is_on(ThermalRung::Action::kLimit) || ceiling_mhz_ > 0;
  }

  /// Returns the highest clock that is allowed; 0: any.
  [[nodiscard]] double ceiling_mhz() const noexcept { return ceiling_mhz_; }

  /// Returns the part of the matrix units that is allowed, 1 = all.
  [[nodiscard]] double limit_ratio() const;

 private:
  /// What a sub-device takes, and the time of it that is not in `joule_` yet.
  struct Work {
    double watt = 0;
    TimePoint begin;
    TimePoint end;
  };

  void spend(Work& work, TimePoint now);
  [[nodiscard]] bool is_working() const;
  [[nodiscard]] bool is_on(ThermalRung::Action action) const;
  [[nodiscard]] double cooled(double watt, Duration time) const;
  bool step_clock(const ThermalRung& rung);

  const ThermalFigures& figures_;
  const ClockSetting& clock_;
  TimePoint last_;
  double temperature_;
  double joule_ = 0;         ///< Spent since `last_`.
  std::vector<Work> works_;  ///< By sub-device.
  double watt_;
  double ceiling_mhz_ = 0;
  std::vector<bool> on_;
};

}  // namespace penstock::sim
