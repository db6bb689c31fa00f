#include "drivers/sim/device/sim_device_core.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

namespace penstock::sim {
namespace {

constexpr std::uint64_t kFaultSeed = 0xFA17;

}  // namespace

SimDeviceCore::SimDeviceCore(const Profile& profile, TimePoint start, Options options)
    : profile_(profile),
      trace_(std::move(options.trace)),
      now_(start),
      random_(options.seed),
      faults_(std::move(options.faults), start, options.seed ^ kFaultSeed),
      settings_(profile),
      thermal_(profile.thermal, profile.clock, profile.sub_devices, start),
      residence_(profile),
      sub_free_(static_cast<std::size_t>(profile.sub_devices), start),
      host_free_(start),
      in_free_(start),
      out_free_(start),
      busy_(static_cast<std::size_t>(profile.sub_devices)),
      worked_(static_cast<std::size_t>(profile.sub_devices)) {
  after_faults();
}

void SimDeviceCore::trace(const char* what, std::uint64_t a, std::uint64_t b) {
  if (trace_ == nullptr) {
    return;
  }
  std::array<char, 128> line{};
  const int length = std::snprintf(line.data(),
                                   line.size(),
                                   "%lld %s %llu %llu",
                                   static_cast<long long>(now_.time_since_epoch().count()),
                                   what,
                                   static_cast<unsigned long long>(a),
                                   static_cast<unsigned long long>(b));
  trace_(std::string_view(line.data(), static_cast<std::size_t>(length)));
}

std::optional<TimePoint> SimDeviceCore::next_time() const {
  std::optional<TimePoint> next;
  const auto consider = [&](const std::optional<TimePoint>& when) {
    if (when.has_value() && (!next.has_value() || *when < *next)) {
      next = when;
    }
  };
  if (!hung_ && !events_.empty()) {
    consider(events_.top().time);
  }
  consider(reset_done_);
  consider(tick_);
  consider(settings_.next_time());
  consider(faults_.next_time());
  return next;
}

void SimDeviceCore::advance(TimePoint now) {
  for (auto next = next_time(); next.has_value() && *next <= now; next = next_time()) {
    now_ = std::max(now_, *next);
    run_device_timers();
    if (!hung_ && !events_.empty() && events_.top().time <= now_) {
      run_event(events_.pop());
    }
  }
  now_ = std::max(now_, now);
}

void SimDeviceCore::run_device_timers() {
  if (const auto due = faults_.next_time(); due.has_value() && *due <= now_) {
    faults_.advance(now_);
    after_faults();
  }
  if (const auto due = settings_.next_time(); due.has_value() && *due <= now_) {
    effects_.settled |= settings_.advance(now_);
    ++point_epoch_;
    trace("settled");
  }
  if (tick_.has_value() && *tick_ <= now_) {
    tick_.reset();
    if (thermal_.tick(now_)) {
      ++point_epoch_;
      trace("heat", static_cast<std::uint64_t>(thermal_.temperature(now_)));
      update_health();
    }
    arm_tick();
  }
  if (reset_done_.has_value() && *reset_done_ <= now_) {
    reset_done_.reset();
    finish_reset();
  }
}

void SimDeviceCore::run_event(const Event& event) {
  switch (event.kind) {
    case Event::Kind::kLoaded:
      on_loaded(event.index);
      break;
    case Event::Kind::kStart:
      units_[event.index].start_event.reset();
      try_start(units_[event.index]);
      break;
    case Event::Kind::kComputed:
      on_computed(event.index);
      break;
    case Event::Kind::kOut:
      on_out(event.index);
      break;
    case Event::Kind::kChanged:
      finish_change(event.index);
      break;
  }
}

/// Brings the device in line with the faults that are in force.
void SimDeviceCore::after_faults() {
  ++point_epoch_;
  if (faults_.is_active(FaultKind::kLost) && !lost_) {
    lost_ = true;
    trace("lost");
    lose_all("the device is lost");
  }
  if (faults_.is_active(FaultKind::kHang) && !hung_ && !lost_) {
    hung_ = true;
    trace("hang");
  }
  update_health();
}

void SimDeviceCore::lose_all(const char* message) {
  for (std::uint32_t i = 0; i < frames_.size(); ++i) {
    if (frames_[i].is_used) {
      end_frame(i, Errc::kDeviceLost, message, Duration(0));
    }
  }
  for (Unit& unit : units_) {
    if (unit.state == State::kDownloading || unit.state == State::kDraining) {
      outcome_of_change(unit.change_cookie, Errc::kDeviceLost, message, Duration(0));
    }
    unit = Unit();
  }
  events_.clear();
  residence_.clear();
  thermal_.stop_work(now_);
  host_free_ = in_free_ = out_free_ = now_;
  std::fill(sub_free_.begin(), sub_free_.end(), now_);
}

void SimDeviceCore::reset(TimePoint now) {
  advance(now);
  trace("reset");
  lose_all("the device is reset");
  set_health(Health::kResetting, "reset");
  reset_done_ = now_ + profile_.reset_time;
  // From here on work is refused as lost, whatever the fault was.
  lost_ = true;
  hung_ = false;
}

void SimDeviceCore::finish_reset() {
  faults_.on_reset();
  if (thermal_.tick(now_)) {
    ++point_epoch_;
  }
  arm_tick();
  lost_ = faults_.is_active(FaultKind::kLost);
  hung_ = !lost_ && faults_.is_active(FaultKind::kHang);
  trace(lost_ ? "reset_failed" : "reset_done");
  if (lost_) {
    set_health(Health::kFault, "still lost after the reset");
    return;
  }
  for (ModelId id = 0; id < models_.size(); ++id) {
    if (models_[id].is_used && models_[id].model.always_resident) {
      place_everywhere(id);
    }
  }
  update_health();
}

void SimDeviceCore::update_health() {
  if (reset_done_.has_value()) {
    return;  // The reset's end looks at everything.
  }
  if (lost_) {
    if (health_ != Health::kFault) {
      set_health(Health::kFault, "lost (fault script)");
    }
    return;
  }
  const std::string degrees = std::to_string(static_cast<int>(thermal_.temperature(now_))) + " C";
  if (thermal_.is_shut_down()) {
    lost_ = true;
    lose_all("the device shut down: too hot");
    set_health(Health::kFault, "shut down at " + degrees);
  } else if (faults_.is_active(FaultKind::kThrottle)) {
    set_health(Health::kDegraded, "throttled (fault script)");
  } else if (thermal_.is_throttled()) {
    if (health_ != Health::kDegraded || reason_.rfind("throttled", 0) != 0) {
      set_health(Health::kDegraded, "throttled at " + degrees);
    }
  } else if (thermal_.is_warned()) {
    if (health_ != Health::kDegraded || reason_.rfind("warm", 0) != 0) {
      set_health(Health::kDegraded, "warm: " + degrees);
    }
  } else {
    set_health(Health::kOk, "");
  }
}

void SimDeviceCore::set_health(Health health, const std::string& reason) {
  if (health == health_ && reason == reason_) {
    return;
  }
  health_ = health;
  reason_ = reason;
  HealthEvent event;
  event.health = health;
  event.reason = reason;
  event.time = now_;
  effects_.health.push_back(std::move(event));
  trace("health", static_cast<std::uint64_t>(health));
}

void SimDeviceCore::arm_tick() {
  if (!tick_.has_value() && thermal_.needs_ticks()) {
    tick_ = now_ + profile_.thermal.tick;
  }
}

Result<bool> SimDeviceCore::configure(TimePoint now,
                                      const std::string& name,
                                      const std::string& value,
                                      std::int32_t sub_device) {
  advance(now);
  auto in_force = settings_.configure(name, value, sub_device, now_);
  if (in_force.has_value()) {
    ++point_epoch_;
    trace("configured", in_force.value() ? 1 : 0);
  }
  return in_force;
}

void SimDeviceCore::add_faults(TimePoint now, const std::vector<FaultRule>& faults) {
  advance(now);
  faults_.add(faults, now_);
  after_faults();
}

bool SimDeviceCore::loses_claim(TimePoint now) {
  advance(now);
  return faults_.loses_claim(now_);
}

bool SimDeviceCore::fails_load(TimePoint now) {
  advance(now);
  return faults_.fails_load(now_);
}

ExecutionPoint SimDeviceCore::point_of(const CoreModel& model, SubDeviceMask place) const {
  ExecutionPoint point;
  double clock = 0;
  double mvm = 1;
  for (int i = 0; i < profile_.sub_devices; ++i) {
    if (((place >> static_cast<unsigned>(i)) & 1U) != 0) {
      const double own = settings_.clock_mhz(i);
      clock = clock == 0 ? own : std::min(clock, own);
      mvm = std::min(mvm, settings_.mvm_ratio(i));
    }
  }
  if (clock > 0) {
    const double lowest = profile_.clock.steps.front();
    clock *= settings_.power_ratio();
    if (thermal_.ceiling_mhz() > 0) {
      clock = std::min(clock, thermal_.ceiling_mhz());
    }
    if (faults_.is_active(FaultKind::kThrottle)) {
      const double held = faults_.throttle_mhz();
      clock = std::min(clock, held > 0 ? held : lowest);
    }
    point.clock_ratio = clock / profile_.clock.reference;
  } else {
    point.clock_ratio = settings_.power_ratio();
  }
  point.mvm_ratio = std::max(0.001, std::min(mvm, thermal_.limit_ratio()));
  point.sub_devices = model.mode.workers_per_frame();
  return point;
}

Duration SimDeviceCore::service_time(const CoreModel& model,
                                     const CoreShape& shape,
                                     SubDeviceMask place) const {
  const ExecutionPoint point = point_of(model, place);
  if (shape.service.has_value()) {
    const double slower = 1 / (point.clock_ratio * point.mvm_ratio);
    return Duration(
        static_cast<std::int64_t>(static_cast<double>(shape.service->count()) * slower));
  }
  return std::max(Duration(1), sim::service_time(shape.work, profile_.costs, point));
}

std::vector<DeviceProperty> SimDeviceCore::properties() const {
  std::vector<DeviceProperty> list = settings_.list();
  const auto test = std::find_if(list.begin(), list.end(), [](const DeviceProperty& property) {
    return property.name == DeviceSettings::kSelfTest;
  });
  if (test != list.end() && faults_.is_active(FaultKind::kProbeWrong)) {
    test->value = "failed: wrong results";
  }
  return list;
}

double SimDeviceCore::full_rate() const {
  FrameBounds bounds = around_;
  bounds.host_moves = profile_.link.host_moves;
  bounds.units = 0;
  for (const Duration one : worked_) {
    bounds.service += one;
    bounds.units += one > Duration(0) ? 1 : 0;  // Those that no model uses would be idle then too.
  }
  const Duration least = frame_interval(bounds);
  return least > Duration(0)
             ? static_cast<double>(computed_) * 1e9 / static_cast<double>(least.count())
             : 0;
}

std::vector<DeviceMetric> SimDeviceCore::metrics(TimePoint now) const {
  std::vector<DeviceMetric> list;
  const auto add = [&](const char* name, const char* unit, double value, std::int32_t sub = -1) {
    DeviceMetric metric;
    metric.name = name;
    metric.unit = unit;
    metric.value = value;
    metric.sub_device = sub;
    list.push_back(std::move(metric));
  };
  double all = 0;
  for (int i = 0; i < profile_.sub_devices; ++i) {
    const auto index = static_cast<std::size_t>(i);
    const double busy = std::min(1.0, busy_[index].per_second(now) * 1e-9);
    all += busy;
    add("utilisation", "ratio", busy, i);
    add("memory_used", "bytes", static_cast<double>(residence_.used(i)), i);
    if (!profile_.clock.steps.empty()) {
      const CoreModel alone;
      const double ratio = point_of(alone, SubDeviceMask{1} << index).clock_ratio;
      add("clock", "MHz", ratio * profile_.clock.reference, i);
    }
  }
  add("utilisation", "ratio", all / profile_.sub_devices);
  add("shared_memory_used", "bytes", static_cast<double>(residence_.shared_used()));
  add("temperature", "celsius", thermal_.temperature(now));
  add("power", "watt", thermal_.watt());
  add("link_in", "bytes/s", in_bytes_.per_second(now));
  add("link_out", "bytes/s", out_bytes_.per_second(now));
  add("link_errors", "count", static_cast<double>(link_errors_));
  add("frame_rate", "frames/s", frame_rate_.per_second(now));
  add("full_rate", "frames/s", full_rate());
  add("inferences", "count", static_cast<double>(completed_));
  add("in_flight", "count", static_cast<double>(in_flight_));
  add("swaps", "count", static_cast<double>(swaps_));
  return list;
}

}  // namespace penstock::sim
