#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <queue>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "engine/base/clock.h"
#include "engine/schedule/scheduler.h"

namespace penstock::testing {

/// What the model of a device needs to know of a package.
/// A batch of n frames ends `latency` + (n - 1) * `service` after its start, but never sooner than
/// n * `service` after the one before it: a pipeline with a slowest stage.
struct PackageModel {
  Duration service{0};
  Duration latency{0};
  Duration activation{0};
};

/// How a client of the world feeds one flow.
struct Feed {
  Duration period{0};       ///< Between arrivals; 0: as fast as there is room.
  std::uint32_t burst = 1;  ///< Requests an arrival.
  Duration on{0};           ///< Works this long, then pauses for `off`; 0: never pauses.
  Duration off{0};
  TimePoint start{};
  TimePoint stop = TimePoint::max();
  Duration lifetime{0};  ///< Deadline of each after its arrival; 0: none.
};

/// A scheduler, devices that do as they are told, and clients that feed them, in virtual time. It
/// checks at every step what a scheduler must never do, and keeps what went wrong as text.
///
/// Checked: batches run on resident packages only, within depth; changes of residence find their
/// sub-devices drained and stay within memory; requests start in order and end exactly once, never
/// while they run; bounds hold; nobody waits beyond the published bound.
class ScheduleWorld {
 public:
  explicit ScheduleWorld(const SchedulerKnobs& knobs = {}, std::uint64_t seed = 1);

  [[nodiscard]] TimePoint now() const noexcept { return now_; }

  Scheduler& scheduler() noexcept { return scheduler_; }

  std::mt19937_64& random() noexcept { return random_; }

  /// Tells the scheduler, then carries out what it decides.
  void apply(const SchedulerEvent& event);
  Admission submit(FlowNumber flow,
                   std::uint32_t frames = 1,
                   std::optional<Duration> lifetime = std::nullopt,
                   std::uint32_t batch_key = 0);

  void add_device(DeviceNumber device, const DeviceCapacity& capacity);

  void set_model(PackageNumber package, const PackageModel& model) {
    models_[package.value] = model;
  }

  /// Opens a flow; `checks_wait` is whether nobody but the scheduler makes it wait.
  void open(const OpenFlow& event, bool checks_wait = true);
  void close(FlowNumber flow);
  void remove_client(ClientNumber client);
  void feed(FlowNumber flow, const Feed& feed);

  /// The client takes one frame each `period`; without, it takes each at once; `kNever` never.
  void read_slowly(ClientNumber client, Duration period) { readers_[client.value] = period; }

  static constexpr Duration kNever = Duration::max();

  /// Does something at a time.
  void at(TimePoint when, std::function<void()> action);
  /// Runs until `until`, or until nothing is left to happen.
  void run_until(TimePoint until);

  void run_for(Duration time) { run_until(now_ + time); }

  /// Runs until nothing is left to happen; returns whether that came within a day.
  bool run_to_rest();

  // What the devices do wrong, from now on.
  std::function<bool(DeviceNumber, PackageNumber)> fails_load;
  std::function<Errc(const RunBatch&)> fails_batch;
  std::function<bool(const RunBatch&)> hangs;
  bool obeys_cancel = false;  ///< A batch that hangs ends when it is cancelled.
  std::function<bool(DeviceNumber)> fails_reset;
  /// The device is lost: what it runs comes back as lost a little later.
  void lose(DeviceNumber device);
  double jitter = 0;  ///< Of service and activation times, as a share.

  // What was seen.
  struct Flow {
    OpenFlow opened;
    bool checks_wait = true;
    bool is_open = true;
    std::set<std::uint64_t> queued;  ///< Accepted and not started, by number.
    std::uint32_t running = 0;
    TimePoint last_start;
    Feed feed;
    bool is_fed = false;
    bool is_blocked = false;
    std::uint64_t done_frames = 0;
    std::uint64_t accepted = 0;
    std::uint64_t finished = 0;
    Duration service{0};  ///< Device time received, times sub-devices.
    TimePoint idle_at;    ///< Last time when nothing was queued.
  };

  [[nodiscard]] const Flow& flow(FlowNumber number) const { return flows_.at(number.value); }

  [[nodiscard]] const std::vector<std::string>& violations() const noexcept { return violations_; }

  /// Returns how often a request ended for the reason.
  [[nodiscard]] std::uint64_t finished(FinishReason reason) const {
    return finished_[static_cast<std::size_t>(reason)];
  }

  [[nodiscard]] std::uint64_t accepted() const noexcept { return accepted_; }

  struct Change {
    TimePoint start;
    TimePoint end;
    DeviceNumber device;
    PackageNumber incoming;
    SubDeviceMask sub_devices = 0;
    std::size_t outgoing = 0;
    bool only_out = false;
    Errc code = Errc::kOk;
  };

  [[nodiscard]] const std::vector<Change>& changes() const noexcept { return changes_; }

  struct Started {
    TimePoint time;
    RunBatch batch;  ///< Without its requests.
    std::vector<RequestNumber> requests;
    FlowNumber flow;  ///< Of the first.
  };

  [[nodiscard]] const std::vector<Started>& started() const noexcept { return started_; }

  struct Ended {
    TimePoint time;
    RequestNumber request;
    FlowNumber flow;
    FinishReason reason;
  };

  [[nodiscard]] const std::vector<Ended>& ended() const noexcept { return ended_; }

  [[nodiscard]] std::uint64_t decisions() const noexcept { return decisions_; }

  [[nodiscard]] double worst_wait_share() const noexcept { return worst_wait_share_; }

  /// Returns the longest wait of a head whose wait is checked.
  [[nodiscard]] double worst_wait_ms() const noexcept { return worst_wait_ms_; }

  [[nodiscard]] std::uint32_t resets() const noexcept { return resets_; }

  bool keeps_history = true;  ///< `started` and `ended`; off for long runs.
  std::function<void(const Started&)> on_start;

 private:
  struct Request {
    std::uint32_t flow = 0;
    std::uint32_t frames = 1;
    TimePoint admitted;
    bool is_running = false;
  };

  struct Batch {
    RunBatch run;
    std::vector<RequestNumber> requests;
    TimePoint start;
    bool hangs = false;
  };

  struct Resident {
    PackageNumber package;
    SubDeviceMask mask = 0;
    std::uint32_t placement = 0;
    std::uint32_t depth = 1;
    std::uint32_t in_flight = 0;
    std::uint64_t memory = 0;
    std::uint64_t shared = 0;
    TimePoint last_end;
  };

  struct Device {
    DeviceCapacity capacity;
    bool is_up = true;
    std::map<Epoch, Resident> residents;  ///< 0 is not used: always resident ones are not listed.
    std::map<std::uint32_t, Resident> permanent;  ///< By package.
    std::uint64_t life = 0;  ///< Counts losses: answers of an old life do not come.
  };

  struct Timed {
    TimePoint when;
    std::uint64_t order = 0;
    std::function<void()> action;

    bool operator>(const Timed& other) const {
      return when != other.when ? when > other.when : order > other.order;
    }
  };

  void decide();
  void carry_out(const RunBatch& run);
  void carry_out(const ChangeResidence& change);
  void carry_out(const FinishRequest& finish);
  void carry_out(const CancelBatch& cancel);
  void carry_out(const ResetDevice& reset);
  void carry_out(const RoomAvailable& room);
  void end_batch(std::uint64_t number, Errc code);
  void check_wait(Flow& flow, TimePoint admitted);
  void check_memory(const Device& device, const Resident& incoming);
  void arrive(std::uint32_t flow);
  void fill(std::uint32_t flow);
  void take_later(std::uint32_t client, std::uint32_t frames);
  void fail(const std::string& text);
  Duration shaken(Duration time);
  const PlacementFacts& facts(DeviceNumber device, PackageNumber package, std::uint32_t index);

  TimePoint now_{std::chrono::hours(1)};
  std::mt19937_64 random_;
  Scheduler scheduler_;
  SchedulerActions actions_;
  std::priority_queue<Timed, std::vector<Timed>, std::greater<>> timed_;
  std::uint64_t next_order_ = 0;
  std::optional<TimePoint> wake_;
  std::uint64_t next_request_ = 1;
  std::map<std::uint32_t, PackageModel> models_;
  std::map<std::uint32_t, Flow> flows_;
  std::map<std::uint32_t, Duration> readers_;
  std::map<std::uint32_t, TimePoint> next_take_;
  std::map<std::uint64_t, Request> requests_;
  std::map<std::uint64_t, Batch> batches_;
  std::map<std::uint32_t, Device> devices_;
  std::map<std::pair<std::uint32_t, std::uint32_t>, PlacePackage> places_;
  std::vector<std::string> violations_;
  std::array<std::uint64_t, kFinishReasons> finished_{};
  std::uint64_t accepted_ = 0;
  std::vector<Change> changes_;
  std::vector<Started> started_;
  std::vector<Ended> ended_;
  std::uint64_t decisions_ = 0;
  double worst_wait_share_ = 0;
  double worst_wait_ms_ = 0;
  std::uint32_t resets_ = 0;
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint64_t> inputs_held_;
  std::map<std::uint32_t, std::uint64_t> outputs_held_;  ///< By client: running or not taken.
  std::map<std::uint32_t, ClientKnobs> client_knobs_;
  std::set<std::uint32_t> gone_clients_;
  bool is_deciding_ = false;
  TimePoint last_disturbance_;  ///< Waits across a fault are not the scheduler's.
};

}  // namespace penstock::testing
