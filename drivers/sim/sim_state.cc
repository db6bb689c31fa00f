#include "drivers/sim/sim_state.h"

#include <algorithm>
#include <bit>
#include <utility>

#include <unistd.h>

namespace penstock::sim {

SimState::Handle::Handle(std::shared_ptr<SimState> state, Doorbell bell)
    : state_(std::move(state)),
      bell_(bell) {
  const std::lock_guard handles(state_->handles_mutex_);
  state_->handles_.push_back(this);
}

SimState::Handle::~Handle() {
  const std::lock_guard handles(state_->handles_mutex_);
  auto& all = state_->handles_;
  all.erase(std::remove(all.begin(), all.end(), this), all.end());
}

std::optional<HealthEvent> SimState::Handle::poll_event() {
  const std::lock_guard lock(state_->mutex_);
  if (events_.empty()) {
    return std::nullopt;
  }
  HealthEvent event = std::move(events_.front());
  events_.pop_front();
  return event;
}

Status SimState::Handle::claim(SubDeviceMask sub_devices) {
  std::unique_lock handles(state_->handles_mutex_);
  std::unique_lock lock(state_->mutex_);
  Status claimed = take(sub_devices);
  // Frames of whoever else may have ended meanwhile: they are passed on, whatever became of this.
  handles.unlock();
  state_->flush(std::move(lock));
  return claimed;
}

/// Pre: the lock of the handles and that of the device are held.
Status SimState::Handle::take(SubDeviceMask sub_devices) {
  const Profile& profile = *state_->profile_;
  for (int i = 0; i < 64; ++i) {
    if (((sub_devices >> static_cast<unsigned>(i)) & 1U) == 0) {
      continue;
    }
    const std::string name = profile.sub_device_name + " " + std::to_string(i);
    if (i >= profile.sub_devices) {
      return Error{Errc::kInvalidArgument,
                   "device '" + state_->identity_ + "' has no " + name + "; it has " +
                       std::to_string(profile.sub_devices)};
    }
    for (const Handle* handle : state_->handles_) {
      if (((handle->claimed_ >> static_cast<unsigned>(i)) & 1U) != 0) {
        return Error{Errc::kUnavailable,
                     name + " of '" + state_->identity_ + "' is claimed by process " +
                         std::to_string(getpid())};
      }
    }
  }
  if (sub_devices != 0 && state_->core_.loses_claim(state_->now())) {
    return Error{Errc::kUnavailable,
                 "sub-devices of '" + state_->identity_ +
                     "' were claimed by process 1 first (fault script)"};
  }
  claimed_ |= sub_devices;
  return {};
}

void SimState::Handle::release(SubDeviceMask sub_devices) {
  const std::lock_guard handles(state_->handles_mutex_);
  claimed_ &= ~sub_devices;
}

SimState::SimState(DriverHost host,
                   std::shared_ptr<const Profile> profile,
                   std::string identity,
                   SimDeviceCore::Options options,
                   Duration patience)
    : host_(host),
      profile_(std::move(profile)),
      identity_(std::move(identity)),
      patience_(patience),
      core_(*profile_, TimePoint(Duration(host.now_ns())), std::move(options)) {
  const std::lock_guard lock(mutex_);
  arm();
}

SimState::~SimState() {
  std::vector<std::uint64_t> tickets;
  {
    const std::lock_guard lock(mutex_);
    is_closing_ = true;
    for (const auto& timer : timers_) {
      if (timer->is_armed) {
        tickets.push_back(timer->ticket);
      }
    }
  }
  // Without the lock: a call may be running and wait for it.
  for (const std::uint64_t ticket : tickets) {
    host_.cancel_call(ticket);
  }
  // Somebody may still be passing on what freed the last of our users.
  std::unique_lock lock(mutex_);
  flushed_.wait(lock, [&] { return flushing_ == 0; });
}

DeviceInfo SimState::info() const {
  DeviceInfo info;
  info.identity = identity_;
  info.kind = DeviceKind::kSim;
  info.name = profile_->title;
  info.board = profile_->board;
  info.firmware = profile_->firmware;
  info.max_resident = profile_->max_resident;
  const MemoryLevel* own = profile_->resident_level(false);
  const MemoryLevel* shared = profile_->resident_level(true);
  const auto room = [](const MemoryLevel* level) {
    return level == nullptr ? 0 : level->size - level->reserved;
  };
  info.shared_memory_bytes = room(shared);
  info.memory_bytes = room(shared) + room(own) * static_cast<std::uint64_t>(profile_->sub_devices);
  auto* self = const_cast<SimState*>(this);
  const std::lock_guard handles(self->handles_mutex_);
  for (int i = 0; i < profile_->sub_devices; ++i) {
    SubDeviceInfo sub;
    sub.index = static_cast<std::uint32_t>(i);
    sub.name = profile_->sub_device_name + " " + std::to_string(i);
    sub.memory_bytes = room(own);
    sub.group = static_cast<std::uint32_t>(i / profile_->group_size);
    for (const Handle* handle : handles_) {
      if (((handle->claimed_ >> static_cast<unsigned>(i)) & 1U) != 0) {
        sub.in_use_by = getpid();
      }
    }
    info.sub_devices.push_back(std::move(sub));
  }
  return info;
}

void SimState::on_timer(Timer& timer) {
  std::unique_lock lock(mutex_);
  timer.is_armed = false;
  // What became due since then is left to whoever submits, or to a call of its own.
  core_.advance(timer.when);
  flush(std::move(lock));
}

/// Asks the host to call when the next event is due, unless an earlier or equal call waits already.
void SimState::arm() {
  const std::optional<TimePoint> next = core_.next_time();
  if (!next.has_value() || is_closing_) {
    return;
  }
  Timer* free = nullptr;
  for (const auto& timer : timers_) {
    if (timer->is_armed && timer->when <= *next) {
      return;
    }
    free = timer->is_armed ? free : timer.get();
  }
  if (free == nullptr) {
    free = timers_.emplace_back(std::make_unique<Timer>()).get();
    free->state = this;
  }
  free->when = *next;
  free->is_armed = true;
  free->ticket = host_.call_at((*next + patience_).time_since_epoch().count(),
                               [](void* argument) {
                                 auto* timer = static_cast<Timer*>(argument);
                                 timer->state->on_timer(*timer);
                               },
                               free);
  free->is_armed = free->ticket != 0;
}

void SimState::flush(std::unique_lock<std::mutex> lock) {
  arm();
  CoreEffects& happened = core_.effects();
  if (happened.outcomes.empty() && happened.health.empty() && !happened.settled) {
    return;
  }
  if (spare_.empty()) {
    spare_.push_back(std::make_unique<CoreEffects>());
  }
  std::unique_ptr<CoreEffects> effects = std::move(spare_.back());
  spare_.pop_back();
  std::swap(*effects, happened);
  ++flushing_;
  lock.unlock();
  // Frames and changes first: nothing may be in flight when health says that a reset is over.
  for (const CoreOutcome& outcome : effects->outcomes) {
    deliver(outcome);
  }
  if (!effects->health.empty() || effects->settled) {
    const std::lock_guard handles(handles_mutex_);
    lock.lock();
    for (Handle* handle : handles_) {
      handle->events_.insert(handle->events_.end(), effects->health.begin(), effects->health.end());
    }
    lock.unlock();
    ring_all();
  }
  effects->clear();
  lock.lock();
  spare_.push_back(std::move(effects));
  --flushing_;
  flushed_.notify_all();
}

void SimState::ring_all() {
  for (const Handle* handle : handles_) {
    handle->bell_.ring();
  }
}

void SimState::deliver(const CoreOutcome& outcome) {
  if (!outcome.is_change) {
    std::bit_cast<FrameSink*>(outcome.cookie)->on_device_done(outcome);
    return;
  }
  Change change;
  {
    const std::lock_guard lock(mutex_);
    std::optional<Change>& slot = changes_[static_cast<std::size_t>(outcome.cookie)];
    change = *slot;
    slot.reset();
    ++changes_under_way_;
  }
  change.complete(outcome.code, outcome.message, outcome.device_time.count());
  const std::lock_guard lock(mutex_);
  --changes_under_way_;
  changes_done_.notify_all();
}

void SimState::wait_for_changes() {
  std::unique_lock lock(mutex_);
  changes_done_.wait(lock, [&] { return changes_under_way_ == 0; });
}

Result<SimDeviceCore::ModelId> SimState::add_model(CoreModel model,
                                                   const std::vector<FaultRule>& faults) {
  std::unique_lock lock(mutex_);
  if (model.always_resident && core_.fails_load(now())) {
    flush(std::move(lock));  // What was due until now has been done on the way.
    return Error{Errc::kUnavailable, "the download failed (fault script)"};
  }
  const SimDeviceCore::ModelId id = core_.add_model(now(), std::move(model));
  if (!faults.empty()) {
    core_.add_faults(now(), faults);
  }
  flush(std::move(lock));
  return id;
}

void SimState::remove_model(SimDeviceCore::ModelId id) {
  std::unique_lock lock(mutex_);
  core_.remove_model(now(), id);
  flush(std::move(lock));
}

Status SimState::activate(SimDeviceCore::ModelId id,
                          SubDeviceMask place,
                          Change change,
                          bool comes) {
  std::unique_lock lock(mutex_);
  auto slot = std::find(changes_.begin(), changes_.end(), std::nullopt);
  if (slot == changes_.end()) {
    slot = changes_.emplace(changes_.end());
  }
  const auto cookie = static_cast<std::uint64_t>(slot - changes_.begin());
  slot->emplace(change);
  Status started =
      comes ? core_.activate(now(), id, place, cookie) : core_.deactivate(now(), id, place, cookie);
  if (!started.has_value()) {
    changes_[static_cast<std::size_t>(cookie)].reset();
  }
  flush(std::move(lock));
  return started;
}

Status SimState::submit(SimDeviceCore::ModelId id,
                        SubDeviceMask place,
                        FrameSink& sink,
                        CoreFrame what) {
  std::unique_lock lock(mutex_);
  Status accepted = core_.submit(now(), id, place, std::bit_cast<std::uint64_t>(&sink), what);
  flush(std::move(lock));
  return accepted;
}

void SimState::cancel(FrameSink& sink) {
  std::unique_lock lock(mutex_);
  core_.cancel(now(), std::bit_cast<std::uint64_t>(&sink));
  flush(std::move(lock));
}

void SimState::add_sink(FrameSink& sink) {
  const std::lock_guard lock(sinks_mutex_);
  sinks_.push_back(&sink);
}

void SimState::remove_sink(FrameSink& sink) {
  const std::lock_guard lock(sinks_mutex_);
  sinks_.erase(std::remove(sinks_.begin(), sinks_.end(), &sink), sinks_.end());
}

Result<bool> SimState::configure(const std::string& name,
                                 const std::string& value,
                                 std::int32_t sub_device) {
  std::unique_lock lock(mutex_);
  auto in_force = core_.configure(now(), name, value, sub_device);
  flush(std::move(lock));
  return in_force;
}

std::vector<DeviceProperty> SimState::properties() {
  std::unique_lock lock(mutex_);
  core_.advance(now());
  std::vector<DeviceProperty> list = core_.properties();
  flush(std::move(lock));
  return list;
}

std::vector<DeviceMetric> SimState::metrics() {
  std::vector<DeviceMetric> list;
  {
    const std::lock_guard lock(mutex_);
    list = core_.metrics(now());
  }
  const auto add = [&](const char* name, const char* unit, double value) {
    DeviceMetric metric;
    metric.name = name;
    metric.unit = unit;
    metric.value = value;
    list.push_back(std::move(metric));
  };
  add("host_limited", "count", static_cast<double>(late_frames_.load()));
  add("host_rate", "frames/s", host_meter_.rate(HostMeter::now()));
  return list;
}

void SimState::reset() {
  {
    std::unique_lock lock(mutex_);
    core_.reset(now());
    flush(std::move(lock));
  }
  const std::lock_guard sinks(sinks_mutex_);
  for (FrameSink* sink : sinks_) {
    sink->on_reset();
  }
}

}  // namespace penstock::sim
