#pragma once

#include <string>
#include <vector>

#include "drivers/sim/profiles/profile.h"
#include "engine/base/clock.h"

namespace penstock::sim {

/// Temperature of a device and what its ladder does about it.
///
/// Heat is handed over as energy when work starts, and spread over the time up to the next look, so
/// that nothing is computed between events. The ladder is looked at once a tick while the device is
/// warm; an idle, cool device has no ticks.
/// Thread-safety: none.
class ThermalModel {
 public:
  /// `figures` must outlive this.
  ThermalModel(const ThermalFigures& figures, const ClockSetting& clock, TimePoint start);

  /// Adds the energy of work, beyond what the idle device takes.
  void add_work(double joule) noexcept { joule_ += joule; }

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
  [[nodiscard]] bool is_on(ThermalRung::Action action) const;
  [[nodiscard]] double cooled(double watt, Duration time) const;
  bool step_clock(const ThermalRung& rung);

  const ThermalFigures& figures_;
  const ClockSetting& clock_;
  TimePoint last_;
  double temperature_;
  double joule_ = 0;
  double watt_;
  double ceiling_mhz_ = 0;
  std::vector<bool> on_;
};

}  // namespace penstock::sim
