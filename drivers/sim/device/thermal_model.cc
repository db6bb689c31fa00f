#include "drivers/sim/device/thermal_model.h"

#include <algorithm>
#include <cmath>

namespace penstock::sim {

ThermalModel::ThermalModel(const ThermalFigures& figures,
                           const ClockSetting& clock,
                           int sub_devices,
                           TimePoint start)
    : figures_(figures),
      clock_(clock),
      last_(start),
      temperature_(figures.ambient + figures.degrees_per_watt * figures.idle_watt),
      works_(static_cast<std::size_t>(sub_devices)),
      watt_(figures.idle_watt),
      on_(figures.ladder.size(), false) {}

void ThermalModel::spend(Work& work, TimePoint now) {
  const TimePoint until = std::min(now, work.end);
  if (until > work.begin) {
    joule_ += work.watt * static_cast<double>((until - work.begin).count()) * 1e-9;
    work.begin = until;
  }
}

void ThermalModel::start_work(int sub_device, double watt, TimePoint now, TimePoint end) {
  Work& work = works_[static_cast<std::size_t>(sub_device)];
  spend(work, now);
  work = {watt, now, end};
}

void ThermalModel::stop_work(TimePoint now) {
  for (Work& work : works_) {
    spend(work, now);
    work.end = work.begin;
  }
}

bool ThermalModel::is_working() const {
  return std::any_of(works_.begin(), works_.end(), [](const Work& work) {
    return work.watt > 0 && work.begin < work.end;
  });
}

bool ThermalModel::is_on(ThermalRung::Action action) const {
  for (std::size_t i = 0; i < on_.size(); ++i) {
    if (on_[i] && figures_.ladder[i].action == action) {
      return true;
    }
  }
  return false;
}

double ThermalModel::cooled(double watt, Duration time) const {
  const double target = figures_.ambient + figures_.degrees_per_watt * watt;
  const double periods =
      static_cast<double>(time.count()) / static_cast<double>(figures_.time_constant.count());
  return target + (temperature_ - target) * std::exp(-periods);
}

bool ThermalModel::needs_ticks() const {
  if (figures_.ladder.empty()) {
    return false;
  }
  const double rest = figures_.ambient + figures_.degrees_per_watt * figures_.idle_watt;
  return joule_ > 0 || is_working() || is_throttled() || is_warned() || is_shut_down() ||
         temperature_ > rest + 1.0;
}

bool ThermalModel::step_clock(const ThermalRung& rung) {
  if (clock_.steps.empty()) {
    return false;
  }
  const double before = ceiling_mhz_;
  const double now = before > 0 ? before : clock_.steps.back();
  if (temperature_ >= rung.at) {
    // The next lower step, not below the floor.
    for (auto step = clock_.steps.rbegin(); step != clock_.steps.rend(); ++step) {
      if (*step < now && *step >= rung.floor_mhz) {
        ceiling_mhz_ = *step;
        break;
      }
    }
  } else if (before > 0 && temperature_ <= rung.at - rung.hysteresis) {
    const auto higher = std::upper_bound(clock_.steps.begin(), clock_.steps.end(), now);
    ceiling_mhz_ = higher == clock_.steps.end() || *higher == clock_.steps.back() ? 0 : *higher;
  }
  return ceiling_mhz_ != before;
}

bool ThermalModel::tick(TimePoint now) {
  const Duration time = now - last_;
  if (time <= Duration(0)) {
    return false;
  }
  for (Work& work : works_) {
    spend(work, now);
  }
  watt_ = figures_.idle_watt + joule_ / (static_cast<double>(time.count()) * 1e-9);
  temperature_ = cooled(watt_, time);
  joule_ = 0;
  last_ = now;
  bool changed = false;
  for (std::size_t i = 0; i < on_.size(); ++i) {
    const ThermalRung& rung = figures_.ladder[i];
    if (rung.action == ThermalRung::Action::kClock) {
      changed |= step_clock(rung);
      continue;
    }
    const bool was_on = on_[i];
    if (!was_on && temperature_ >= rung.at) {
      on_[i] = true;
    } else if (was_on && temperature_ <= rung.at - rung.hysteresis) {
      on_[i] = false;
    }
    changed |= was_on != on_[i];
  }
  return changed;
}

double ThermalModel::temperature(TimePoint now) const {
  const bool has_worked = joule_ > 0 || is_working();
  return now <= last_ ? temperature_ : cooled(has_worked ? watt_ : figures_.idle_watt, now - last_);
}

double ThermalModel::limit_ratio() const {
  double ratio = 1;
  for (std::size_t i = 0; i < on_.size(); ++i) {
    if (on_[i] && figures_.ladder[i].action == ThermalRung::Action::kLimit) {
      ratio = std::min(ratio, figures_.ladder[i].limit_percent / 100);
    }
  }
  return ratio;
}

}  // namespace penstock::sim
