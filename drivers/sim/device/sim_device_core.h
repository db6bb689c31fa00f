#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "drivers/api/device_info.h"
#include "drivers/sim/cost_model.h"
#include "drivers/sim/device/core_types.h"
#include "drivers/sim/device/device_settings.h"
#include "drivers/sim/device/event_heap.h"
#include "drivers/sim/device/fault_plan.h"
#include "drivers/sim/device/rate_window.h"
#include "drivers/sim/device/residence_table.h"
#include "drivers/sim/device/sim_random.h"
#include "drivers/sim/device/slot_list.h"
#include "drivers/sim/device/thermal_model.h"
#include "drivers/sim/profiles/profile.h"
#include "engine/base/clock.h"
#include "engine/base/result.h"

namespace penstock::sim {

/// The time behaviour of one simulated device: calls in, outcomes and the time of the next event
/// out. Pure: no thread, no clock, no memory of tensors.
///
/// The way of a frame through a place (the sub-devices on which its model is resident):
///   waits for an input buffer (stages, + 1 with double buffering, by frame of a batch)
///   -> host part and transfer in, one frame of the device after the other
///   -> computes: starts when all sub-devices of the place started what they did before at least
///      one interval ago (models that share a sub-device: the oldest frame first); in a batch mode
///      with those that are there; takes interval x stages
///   -> transfer out, one after the other -> outcome.
/// Interval = service time of the cost model at the clock, limit, heat and faults of the moment,
/// with jitter. Frames of one place end in the order in which they start, whatever their shapes; in
/// a batch mode those that start together take the time of the largest.
///
/// Health: ok; degraded while warned or throttled; fault when lost or too hot, until `reset`, which
/// takes the profile's time. A device that hangs looks healthy and completes nothing.
///
/// Each call but const ones takes the time, which never goes back, and does first what was due.
/// Ownership: the profile must outlive it.
/// Thread-safety: none.
/// Cost: O(log n) a frame and event; no allocation in the steady state.
class SimDeviceCore {
 public:
  using ModelId = std::uint32_t;

  struct Options {
    std::uint64_t seed = 1;
    std::vector<FaultRule> faults;
    TraceSink trace;
  };

  SimDeviceCore(const Profile& profile, TimePoint start, Options options);

  /// Adds a model. One that is always resident is there at once, outside of the limits.
  ModelId add_model(TimePoint now, CoreModel model);
  /// Takes a model and its memory away. Pre: nothing of it is in flight.
  void remove_model(TimePoint now, ModelId id);

  /// Starts a change of residence; its outcome carries `cookie`.
  /// Errors: `kInvalidArgument` for what is no place of the model; `kUnavailable` naming the limit
  /// that is reached, or frames in flight.
  Status activate(TimePoint now, ModelId id, SubDeviceMask place, std::uint64_t cookie);
  Status deactivate(TimePoint now, ModelId id, SubDeviceMask place, std::uint64_t cookie);

  /// Starts a frame on `place`; 0 = the place of the model with the fewest frames. Pre: the model
  /// has the shape.
  /// Errors: `kUnavailable` if the model is not resident there.
  Status submit(
      TimePoint now, ModelId id, SubDeviceMask place, std::uint64_t cookie, CoreFrame what = {});
  /// Ends a frame early: its outcome is `kCancelled`. A frame that the device has begun still takes
  /// its time. Returns whether there was one.
  bool cancel(TimePoint now, std::uint64_t cookie);

  Result<bool> configure(TimePoint now,
                         const std::string& name,
                         const std::string& value,
                         std::int32_t sub_device);
  void reset(TimePoint now);
  void add_faults(TimePoint now, const std::vector<FaultRule>& faults);
  /// Returns whether another process takes what this one claims (a fault script says so).
  bool loses_claim(TimePoint now);
  /// Returns whether a load that needs no activation fails by script.
  bool fails_load(TimePoint now);

  /// Does what is due.
  void advance(TimePoint now);
  [[nodiscard]] std::optional<TimePoint> next_time() const;

  /// Returns what happened since it was cleared.
  [[nodiscard]] CoreEffects& effects() noexcept { return effects_; }

  /// Returns the time between two completions of a busy place at the settings of the moment, of
  /// frames of one shape.
  [[nodiscard]] Duration service_time(const CoreModel& model,
                                      const CoreShape& shape,
                                      SubDeviceMask place) const;

  [[nodiscard]] std::vector<DeviceProperty> properties() const;
  [[nodiscard]] std::vector<DeviceMetric> metrics(TimePoint now) const;

  [[nodiscard]] Health health() const noexcept { return health_; }

  [[nodiscard]] const std::string& health_reason() const noexcept { return reason_; }

  [[nodiscard]] std::size_t in_flight() const noexcept { return in_flight_; }

 private:
  enum class State { kFree, kDownloading, kResident, kDraining };

  /// A model on one of its places.
  struct Unit {
    State state = State::kFree;
    ModelId model = 0;
    SubDeviceMask place = 0;
    SlotList waiting;
    SlotList loaded;
    std::uint32_t buffers = 0;
    std::uint32_t in_buffers = 0;
    std::uint32_t in_flight = 0;
    std::optional<TimePoint> start_event;
    std::uint64_t change_cookie = 0;
    TimePoint change_started;
    bool change_fails = false;
    std::vector<Duration> services;  ///< By shape.
    std::uint64_t service_epoch = 0;
    TimePoint computed;  ///< When the last frame that was started is.
  };

  struct Frame {
    std::uint64_t cookie = 0;
    std::uint64_t number = 0;
    std::uint32_t unit = 0;
    CoreFrame what;
    bool is_used = false;
    bool is_waiting = false;
    bool is_abandoned = false;
    FaultPlan::FrameFaults faults;
    Duration share{0};  ///< Of its batch, on each sub-device of its place.
    TimePoint begun;
    TimePoint loaded;
  };

  struct Loaded {
    CoreModel model;
    bool is_used = false;
  };

  // Residence.
  [[nodiscard]] bool is_place(const CoreModel& model, SubDeviceMask place) const;
  Unit* find_unit(ModelId id, SubDeviceMask place);
  Unit* least_busy_unit(ModelId id);
  Unit& make_unit(ModelId id, SubDeviceMask place, State state);
  void free_unit(Unit& unit);
  void place_everywhere(ModelId id);
  void finish_change(std::uint32_t index);
  [[nodiscard]] std::size_t live_frames(const Unit& unit) const;
  void drop_abandoned(const Unit& unit);

  // Frames.
  std::uint32_t take_frame_slot();
  void load_next(Unit& unit);
  void on_loaded(std::uint32_t slot);
  void try_start(Unit& unit);
  [[nodiscard]] TimePoint start_time(const Unit& unit) const;
  Unit* older_rival(const Unit& unit);
  [[nodiscard]] TimePoint free_at(SubDeviceMask place) const;
  void occupy(SubDeviceMask place, TimePoint until);
  void start_batch(Unit& unit, std::uint32_t count);
  void on_computed(std::uint32_t slot);
  void on_out(std::uint32_t slot);
  void end_frame(std::uint32_t slot, Errc code, const char* message, Duration device_time);
  void give_buffer_back(Unit& unit);
  void book(const Frame& frame);
  [[nodiscard]] Duration transfer_time(LinkWay way, std::uint64_t bytes, int repeats) const;
  Duration interval_of(Unit& unit, std::uint32_t count);
  [[nodiscard]] const CoreShape& shape_of(const Frame& frame) const;
  [[nodiscard]] int batch_of(const Frame& frame) const;

  // Device.
  void run_device_timers();
  void run_event(const Event& event);
  void after_faults();
  void finish_reset();
  void lose_all(const char* message);
  void update_health();
  void set_health(Health health, const std::string& reason);
  void arm_tick();
  [[nodiscard]] ExecutionPoint point_of(const CoreModel& model, SubDeviceMask place) const;
  void outcome_of_change(std::uint64_t cookie, Errc code, std::string message, Duration time);
  void trace(const char* what, std::uint64_t a = 0, std::uint64_t b = 0);

  /// Returns the frames a second of a device that is never idle, from what the frames took that it
  /// has computed: its sub-devices, its part of the host, or its link, whichever took longest.
  [[nodiscard]] double full_rate() const;

  [[nodiscard]] std::uint32_t index_of(const Unit& unit) const {
    return static_cast<std::uint32_t>(&unit - units_.data());
  }

  const Profile& profile_;
  TraceSink trace_;
  TimePoint now_;
  SimRandom random_;
  FaultPlan faults_;
  DeviceSettings settings_;
  ThermalModel thermal_;
  ResidenceTable residence_;
  EventHeap events_;
  std::vector<Loaded> models_;
  std::vector<Unit> units_;
  std::vector<Frame> frames_;
  SlotLinks links_;
  std::vector<std::uint32_t> free_frames_;
  CoreEffects effects_;
  std::vector<TimePoint> sub_free_;  ///< When each may start the next frame.
  TimePoint host_free_;
  TimePoint in_free_;
  TimePoint out_free_;
  std::optional<TimePoint> tick_;
  std::optional<TimePoint> reset_done_;
  std::uint64_t point_epoch_ = 1;
  std::uint64_t frame_number_ = 0;
  std::uint64_t completed_ = 0;
  std::uint64_t link_errors_ = 0;
  std::uint64_t swaps_ = 0;
  std::size_t in_flight_ = 0;
  Health health_ = Health::kOk;
  std::string reason_;
  bool lost_ = false;
  bool hung_ = false;
  std::vector<RateWindow> busy_;
  std::vector<Duration> worked_;  ///< For the frames that are computed, by sub-device.
  FrameBounds around_;            ///< Host and link, for those frames.
  std::uint64_t computed_ = 0;    ///< Frames of the caller.
  RateWindow in_bytes_;
  RateWindow out_bytes_;
  RateWindow frame_rate_;
};

}  // namespace penstock::sim
