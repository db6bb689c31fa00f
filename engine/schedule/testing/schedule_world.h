#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/clock.h"
#include "engine/schedule/scheduler.h"
#include "engine/schedule/testing/modelled_devices.h"
#include "engine/schedule/testing/timeline.h"

namespace penstock::testing {

/// How a client of the world feeds one flow.
struct Feed {
  Duration period{0};       ///< Between arrivals; 0: as fast as there is room.
  std::uint32_t burst = 1;  ///< Requests an arrival.
  Duration on{0};           ///< Works this long, then pauses for `off`; 0: never pauses.
  Duration off{0};
  TimePoint start{};
  TimePoint stop = TimePoint::max();
  Duration lifetime{0};  ///< Deadline of each after its arrival; 0: none.
  /// Flows whose frames may come along: by chance some of them do, in the same request.
  std::vector<FlowNumber> company = {};
};

/// A scheduler, devices that do as they are told, and clients that feed them, in virtual time. It
/// checks at every step what a scheduler must never do, and keeps what went wrong as text.
///
/// Checked, beside what `ModelledDevices` checks: requests start in order in each of their flows
/// and end exactly once, never while they run; bounds hold; nobody waits beyond the published
/// bound, counted from when the request was the oldest of all its flows.
class ScheduleWorld {
 public:
  explicit ScheduleWorld(const SchedulerKnobs& knobs = {}, std::uint64_t seed = 1);

  [[nodiscard]] TimePoint now() const noexcept { return timeline_.now(); }

  Scheduler& scheduler() noexcept { return scheduler_; }

  std::mt19937_64& random() noexcept { return random_; }

  /// Tells the scheduler, then carries out what it decides.
  void apply(const SchedulerEvent& event);
  Admission submit(FlowNumber flow,
                   std::uint32_t frames = 1,
                   std::optional<Duration> lifetime = std::nullopt,
                   std::uint32_t batch_key = 0);
  /// Submits one request with frames of several flows: `parts`, the first of which leads.
  Admission submit_joint(const std::vector<FlowPart>& parts,
                         std::optional<Duration> lifetime = std::nullopt,
                         std::uint32_t batch_key = 0);

  void add_device(DeviceNumber device, const DeviceCapacity& capacity);

  void set_model(PackageNumber package, const PackageModel& model) {
    devices_.set_model(package, model);
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
  void at(TimePoint when, std::function<void()> action) { timeline_.at(when, std::move(action)); }

  /// Runs until `until`, or until nothing is left to happen.
  void run_until(TimePoint until);

  void run_for(Duration time) { run_until(now() + time); }

  /// Runs until nothing is left to happen; returns whether that came within a day.
  bool run_to_rest();

  /// What the devices do wrong, from now on.
  DeviceTroubles& troubles() noexcept { return devices_.troubles; }

  /// The device is lost: what it runs comes back as lost a little later.
  void lose(DeviceNumber device) { devices_.lose(device); }

  // What was seen.
  struct Flow {
    OpenFlow opened;
    bool checks_wait = true;
    bool is_open = true;
    std::set<std::uint64_t> queued;   ///< Accepted and not started, by number.
    std::uint32_t queued_frames = 0;  ///< Of these, its own.
    std::uint32_t running = 0;        ///< Frames.
    TimePoint last_start;
    TimePoint last_leave;  ///< Of its queue, by a start or without one.
    Feed feed;
    bool is_fed = false;
    bool is_blocked = false;
    std::uint64_t done_frames = 0;
    std::uint64_t accepted = 0;  ///< Frames, as those that finished.
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

  [[nodiscard]] const std::vector<ModelledDevices::Change>& changes() const noexcept {
    return devices_.changes();
  }

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

  [[nodiscard]] std::uint32_t resets() const noexcept { return devices_.resets(); }

  [[nodiscard]] const std::vector<Finding>& findings() const noexcept {
    return devices_.findings();
  }

  /// What was abandoned ends after all.
  void end_abandoned() { devices_.end_abandoned(); }

  /// Compares what the scheduler's snapshot says of each open flow with what was seen of it.
  void check_flows();

  bool keeps_history = true;  ///< `started` and `ended`; off for long runs.
  std::function<void(const Started&)> on_start;

 private:
  struct Request {
    std::vector<FlowPart> parts;  ///< The first leads.
    std::uint32_t frames = 1;
    TimePoint admitted;
    bool is_running = false;
  };

  void decide();

  /// What is the devices' alone.
  template <class Action>
  void carry_out(const Action& action) {
    devices_.carry_out(action);
  }

  void carry_out(const RunBatch& run);
  void carry_out(const FinishRequest& finish);
  void carry_out(const RoomAvailable& room);
  void start_request(RequestNumber number);
  void take_back(const ModelledDevices::Ended& ended);
  void check_wait(const Request& request);
  void start_part(const FlowPart& part, RequestNumber number);
  Admission arrive_one(std::uint32_t flow);
  void arrive(std::uint32_t flow);
  void fill(std::uint32_t flow);
  void take_later(std::uint32_t client, std::uint32_t frames);
  void fail(const std::string& text);

  Timeline timeline_;
  std::mt19937_64 random_;
  ModelledDevices devices_;
  Scheduler scheduler_;
  SchedulerActions actions_;
  std::optional<TimePoint> wake_;
  std::uint64_t next_request_ = 1;
  std::map<std::uint32_t, Flow> flows_;
  std::map<std::uint32_t, Duration> readers_;
  std::map<std::uint32_t, TimePoint> next_take_;
  std::map<std::uint64_t, Request> requests_;
  std::map<std::uint64_t, std::vector<RequestNumber>> batches_;
  std::vector<std::string> violations_;
  std::array<std::uint64_t, kFinishReasons> finished_{};
  std::uint64_t accepted_ = 0;
  std::vector<Started> started_;
  std::vector<Ended> ended_;
  std::uint64_t decisions_ = 0;
  double worst_wait_share_ = 0;
  double worst_wait_ms_ = 0;
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint64_t> inputs_held_;
  std::map<std::uint32_t, std::uint64_t> outputs_held_;  ///< By client: running or not taken.
  std::map<std::uint32_t, ClientKnobs> client_knobs_;
  bool is_deciding_ = false;
  TimePoint last_disturbance_;  ///< Waits across a fault are not the scheduler's.
};

}  // namespace penstock::testing
