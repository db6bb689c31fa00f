#include "drivers/noop/noop_state.h"

#include <charconv>
#include <utility>

namespace penstock {
namespace {

constexpr std::int64_t kMostSlowdown = 1000;

/// Calls `call(index)` for each sub-device of the set.
template <class Call>
void for_each(SubDeviceMask sub_devices, Call call) {
  for (std::uint32_t i = 0; i < kMaxSubDevices; ++i) {
    if ((sub_devices >> i & 1U) != 0) {
      call(i);
    }
  }
}

}  // namespace

NoopState::NoopState(DriverHost host, Doorbell changed, const NoopLimits& limits)
    : host_(host),
      changed_(changed),
      limits_(limits) {}

NoopState::~NoopState() {
  host_.cancel_call(settle_ticket_);
  host_.cancel_call(reset_ticket_);
}

std::int64_t NoopState::count_inference() noexcept {
  inferences_.fetch_add(1);
  return since_reset_.fetch_add(1) + 1;
}

bool NoopState::is_lost() const noexcept {
  const Health health = health_.load();
  return health == Health::kFault || health == Health::kResetting;
}

// First the event is queued, then the bell is rung: whoever is woken finds it.
void NoopState::push_event(Health health, const std::string& reason) {
  {
    const std::lock_guard lock(mutex_);
    HealthEvent event;
    event.health = health;
    event.reason = reason;
    event.time = TimePoint(Duration(host_.now_ns()));
    events_.push_back(std::move(event));
  }
  changed_.ring();
}

void NoopState::fault(const std::string& reason) {
  Health well = Health::kOk;
  if (health_.compare_exchange_strong(well, Health::kFault)) {
    push_event(Health::kFault, reason);
  }
}

Status NoopState::reset() {
  if (health_.exchange(Health::kResetting) == Health::kResetting) {
    return {};  // One is under way.
  }
  push_event(Health::kResetting, "a reset was asked for");
  {
    // From here on nothing new gets in flight: a submit looks at the health first.
    const std::lock_guard lock(parts_mutex_);
    for (NoopPart* part : parts_) {
      part->lose();
    }
  }
  const std::lock_guard lock(mutex_);
  reset_ticket_ = host_.call_at(
      host_.now_ns() + limits_.reset.count(),
      [](void* self) { static_cast<NoopState*>(self)->finish_reset(); },
      this);
  return {};
}

void NoopState::finish_reset() {
  since_reset_ = 0;
  health_ = Health::kOk;
  push_event(Health::kOk, "the reset is done");
}

std::optional<HealthEvent> NoopState::poll_event() {
  const std::lock_guard lock(mutex_);
  if (events_.empty()) {
    return std::nullopt;
  }
  HealthEvent event = std::move(events_.front());
  events_.pop_front();
  return event;
}

std::vector<DeviceMetric> NoopState::metrics() const {
  DeviceMetric metric;
  metric.name = "inferences";
  metric.unit = "count";
  metric.value = static_cast<double>(inferences_.load());
  std::vector<DeviceMetric> metrics = {metric};
  metric.name = "residents";
  const std::lock_guard lock(mutex_);
  for (std::uint32_t i = 0; i < limits_.sub_devices; ++i) {
    metric.sub_device = static_cast<std::int32_t>(i);
    metric.value = residents_[i];
    metrics.push_back(metric);
  }
  return metrics;
}

void NoopState::add(NoopPart& part) {
  const std::lock_guard lock(parts_mutex_);
  parts_.insert(&part);
}

void NoopState::remove(NoopPart& part) {
  const std::lock_guard lock(parts_mutex_);
  parts_.erase(&part);
}

Status NoopState::take_room(SubDeviceMask sub_devices) {
  const std::lock_guard lock(mutex_);
  std::optional<std::uint32_t> full;
  for_each(sub_devices, [&](std::uint32_t i) {
    if (limits_.max_resident != 0 && residents_[i] >= limits_.max_resident) {
      full = full.value_or(i);
    }
  });
  if (full.has_value()) {
    return Error{Errc::kUnavailable,
                 "sub-device " + std::to_string(*full) + " holds " +
                     std::to_string(residents_[*full]) + " models, max_resident is " +
                     std::to_string(limits_.max_resident) + ": 1 too many"};
  }
  for_each(sub_devices, [&](std::uint32_t i) { ++residents_[i]; });
  return {};
}

void NoopState::give_room(SubDeviceMask sub_devices) noexcept {
  const std::lock_guard lock(mutex_);
  for_each(sub_devices, [&](std::uint32_t i) { --residents_[i]; });
}

std::vector<DeviceProperty> NoopState::properties() const {
  DeviceProperty parts;
  parts.name = "sub_devices";
  parts.type = DeviceProperty::Type::kInteger;
  parts.help = "How many parts the device has";
  parts.value = std::to_string(limits_.sub_devices);
  parts.minimum = parts.maximum = limits_.sub_devices;

  DeviceProperty slowdown;
  slowdown.name = "slowdown";
  slowdown.type = DeviceProperty::Type::kInteger;
  slowdown.unit = "times";
  slowdown.help = "How many times its latency an inference takes";
  slowdown.minimum = 1;
  slowdown.maximum = kMostSlowdown;
  slowdown.step = 1;
  slowdown.is_writable = true;
  const std::lock_guard lock(mutex_);
  slowdown.value = std::to_string(slowdown_.load());
  slowdown.is_pending = pending_slowdown_.has_value();
  if (slowdown.is_pending) {
    slowdown.pending_value = std::to_string(*pending_slowdown_);
  }
  return {parts, slowdown};
}

Result<bool> NoopState::configure(const std::string& name,
                                  const std::string& value,
                                  std::int32_t sub_device) {
  if (name == "sub_devices") {
    return Error{Errc::kInvalidArgument, "property 'sub_devices' cannot be written"};
  }
  if (name != "slowdown") {
    return Error{Errc::kInvalidArgument,
                 "unknown property '" + name + "'; known are: sub_devices, slowdown"};
  }
  if (sub_device != -1) {
    return Error{Errc::kInvalidArgument,
                 "property 'slowdown' is of the whole device, not of sub-device " +
                     std::to_string(sub_device)};
  }
  std::int64_t number = 0;
  const char* const end = value.data() + value.size();
  const auto [stop, failure] = std::from_chars(value.data(), end, number);
  if (failure != std::errc() || stop != end || number < 1 || number > kMostSlowdown) {
    return Error{Errc::kInvalidArgument,
                 "property 'slowdown' is '" + value + "': must be a whole number from 1 to " +
                     std::to_string(kMostSlowdown)};
  }
  const std::lock_guard lock(mutex_);
  if (limits_.settle == Duration::zero()) {
    slowdown_ = number;
    return true;
  }
  // The latest value counts; the timer of an earlier one brings it into force sooner.
  const bool is_timed = pending_slowdown_.has_value();
  pending_slowdown_ = number;
  if (!is_timed) {
    settle_ticket_ = host_.call_at(
        host_.now_ns() + limits_.settle.count(),
        [](void* self) { static_cast<NoopState*>(self)->settle(); },
        this);
  }
  return false;
}

void NoopState::settle() {
  {
    const std::lock_guard lock(mutex_);
    slowdown_ = pending_slowdown_.value_or(slowdown_.load());
    pending_slowdown_.reset();
  }
  changed_.ring();
}

}  // namespace penstock
