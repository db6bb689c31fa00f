#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "drivers/api/device_info.h"
#include "drivers/api/driver_adapter.h"
#include "drivers/sim/device/sim_device_core.h"
#include "drivers/sim/host_meter.h"
#include "drivers/sim/profiles/profile.h"
#include "engine/base/doorbell.h"
#include "engine/base/result.h"

namespace penstock::sim {

/// Who waits for the end of a frame.
class FrameSink {
 public:
  FrameSink() = default;
  FrameSink(const FrameSink&) = delete;
  FrameSink& operator=(const FrameSink&) = delete;
  virtual ~FrameSink() = default;

  /// The device model is done with the frame. Without any lock of the device.
  virtual void on_device_done(const CoreOutcome& outcome) noexcept = 0;
  /// The device was reset: what is in flight for whatever reason ends with DEVICE_LOST.
  virtual void on_reset() noexcept = 0;
};

/// A simulated device as all its handles share it: the pure model, a lock round it, and the host's
/// timed calls. It makes no thread.
///
/// Lock order: the device's lock is inside no other and outside none; outcomes and rings are passed
/// on without it.
/// Thread-safety: any thread.
class SimState {
 public:
  /// An open handle: its events and its bell.
  class Handle {
   public:
    Handle(std::shared_ptr<SimState> state, Doorbell bell);
    Handle(const Handle&) = delete;
    Handle& operator=(const Handle&) = delete;
    /// Gives claims back; after it the bell is not rung any more.
    ~Handle();

    [[nodiscard]] SimState& state() const noexcept { return *state_; }

    [[nodiscard]] std::shared_ptr<SimState> share() const { return state_; }

    std::optional<HealthEvent> poll_event();
    Status claim(SubDeviceMask sub_devices);
    void release(SubDeviceMask sub_devices);

   private:
    friend class SimState;
    Status take(SubDeviceMask sub_devices);

    std::shared_ptr<SimState> state_;
    Doorbell bell_;
    std::deque<HealthEvent> events_;
    SubDeviceMask claimed_ = 0;
  };

  /// In steady time what becomes due is left for so long to whoever submits next: to wake a thread
  /// costs several microseconds, and a device may end an inference every microsecond.
  static constexpr Duration kPatience = std::chrono::microseconds(20);

  /// `patience` is 0 where time is virtual.
  SimState(DriverHost host,
           std::shared_ptr<const Profile> profile,
           std::string identity,
           SimDeviceCore::Options options,
           Duration patience);
  SimState(const SimState&) = delete;
  SimState& operator=(const SimState&) = delete;
  /// Takes its timed calls back. Pre: no handle, model or request is left.
  ~SimState();

  [[nodiscard]] const Profile& profile() const noexcept { return *profile_; }

  [[nodiscard]] const DriverHost& host() const noexcept { return host_; }

  [[nodiscard]] DeviceInfo info() const;

  Result<SimDeviceCore::ModelId> add_model(CoreModel model, const std::vector<FaultRule>& faults);
  void remove_model(SimDeviceCore::ModelId id);
  Status activate(SimDeviceCore::ModelId id, SubDeviceMask place, Change change, bool comes);

  /// Waits until the calls for changes of residence that are under way have returned.
  void wait_for_changes();

  Status submit(SimDeviceCore::ModelId id, SubDeviceMask place, FrameSink& sink, CoreFrame what);
  void cancel(FrameSink& sink);
  void add_sink(FrameSink& sink);
  void remove_sink(FrameSink& sink);

  Result<bool> configure(const std::string& name,
                         const std::string& value,
                         std::int32_t sub_device);
  [[nodiscard]] std::vector<DeviceProperty> properties();
  [[nodiscard]] std::vector<DeviceMetric> metrics();
  void reset();

  /// What the host computes for the device; its rate is a metric, beside the device's own.
  [[nodiscard]] HostMeter& host_meter() noexcept { return host_meter_; }

  /// Counts a result that the device had to wait for.
  void count_late_frame() noexcept { late_frames_ += 1; }

 private:
  /// A timed call that waits. Never freed while its call may come.
  struct Timer {
    SimState* state = nullptr;
    std::uint64_t ticket = 0;
    TimePoint when;  // Of what is due; the call comes later, by `patience_` at least.
    bool is_armed = false;
  };

  [[nodiscard]] TimePoint now() const { return TimePoint(Duration(host_.now_ns())); }

  void on_timer(Timer& timer);
  void arm();
  /// Passes on what happened. Takes the lock that is held, and leaves it open.
  void flush(std::unique_lock<std::mutex> lock);
  void deliver(const CoreOutcome& outcome);
  void ring_all();

  DriverHost host_;
  std::shared_ptr<const Profile> profile_;
  std::string identity_;
  const Duration patience_;
  mutable std::mutex mutex_;
  SimDeviceCore core_;
  std::vector<std::unique_ptr<Timer>> timers_;
  std::vector<std::unique_ptr<CoreEffects>> spare_;
  std::vector<std::optional<Change>> changes_;
  std::vector<FrameSink*> sinks_;
  std::condition_variable changes_done_;
  int changes_under_way_ = 0;
  std::condition_variable flushed_;
  int flushing_ = 0;
  bool is_closing_ = false;
  std::mutex sinks_mutex_;    // Held while sinks are told of a reset, so that none goes meanwhile.
  std::mutex handles_mutex_;  // Outside of mutex_. Held while bells are rung.
  std::vector<Handle*> handles_;
  HostMeter host_meter_;
  std::atomic<std::int64_t> late_frames_{0};
};

}  // namespace penstock::sim
