#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "engine/schedule/backoff.h"
#include "engine/schedule/decision_ring.h"
#include "engine/schedule/duration_histogram.h"
#include "engine/schedule/fair_queue.h"
#include "engine/schedule/indexed_heap.h"
#include "engine/schedule/knobs.h"
#include "engine/schedule/request_table.h"
#include "engine/schedule/residency_planner.h"
#include "engine/schedule/schedule_ids.h"
#include "engine/schedule/scheduler_action.h"
#include "engine/schedule/scheduler_event.h"
#include "engine/schedule/scheduler_snapshot.h"
#include "engine/schedule/swap_budget.h"
#include "engine/schedule/turn_policy.h"

namespace penstock {

struct BatchState;
struct ClientState;
struct DeviceState;
struct FlowLane;
struct LaneState;
struct PackageState;

/// Times of a flow's frames on a device; made with the first, so that those who never ran there
/// cost a pointer.
struct LaneTimes {
  DurationHistogram queue;
  DurationHistogram swap;
  DurationHistogram run;
  DurationHistogram total;
};

/// A client in one class on one lane.
struct ClientLane {
  ClientState* client = nullptr;
  LaneState* lane = nullptr;
  FairClient fair;
  std::uint32_t flows = 0;  ///< Open ones.
};

/// A flow on one of the lanes that it may use.
struct FlowLane {
  FlowState* flow = nullptr;
  LaneState* lane = nullptr;
  ClientLane* client = nullptr;
  FairFlow fair;
  IndexedHeap<TimePoint, FlowLane>::Node due;      ///< By when `max_wait` passes.
  IndexedHeap<TimePoint, FlowLane>::Node arrival;  ///< By when the head was admitted.
  bool is_used = false;                            ///< Its flow's requests may start here.
  bool is_in = false;                              ///< Its flow waits here.
  std::unique_ptr<LaneTimes> times;
};

/// The frames of a client for a package: what `ifmap_queue_size` bounds.
struct ClientShare {
  ClientState* client = nullptr;
  PackageState* package = nullptr;
  std::uint64_t frames = 0;  ///< Queued, staged and in flight.
  std::uint64_t queued = 0;  ///< Of these, those that wait.
  bool is_ready = false;     ///< `min_frames` were reached since none waited.
  std::uint32_t flows = 0;
  std::vector<FlowState*> told_full;  ///< In order of refusal; wait for `RoomAvailable`.
  bool is_freed = false;              ///< Listed in `freed_shares`.
};

struct FlowState {
  FlowNumber number;
  ClientState* client = nullptr;
  PackageState* package = nullptr;
  ClientShare* share = nullptr;
  std::uint64_t stream = 0;
  FlowKnobs knobs;
  std::optional<PriorityClass> priority;
  FlowPlacement placement = FlowPlacement::kPinned;
  bool failover = false;
  bool is_closed = false;  ///< Only what runs, or waits with others' frames, is left of it.
  bool is_ready = false;   ///< Its share is, or `max_wait` had passed, since the queue was empty.
  bool is_linked = false;  ///< Its head waits on its lanes.
  bool was_told_full = false;
  bool has_no_device = false;  ///< None that it allows will ever come (back).
  RequestQueue queue;
  std::uint32_t held = 0;     ///< Requests with frames of it, wherever they are.
  std::uint32_t running = 0;  ///< Frames.
  bool is_parked = false;     ///< Its client is held back, it waits beside its lanes.
  /// Of its head, until its client or a request before it in another flow held it back: that is no
  /// wait.
  Duration waited_before{0};
  TimePoint head_since;                            ///< Since when the head could have started.
  std::uint32_t cursor = 0;                        ///< Round robin: index into `lanes`.
  std::vector<std::unique_ptr<FlowLane>> lanes;    ///< In order of preference.
  IndexedHeap<TimePoint, FlowState>::Node expiry;  ///< By the head's deadline.
  std::uint32_t busy_index = 0;  ///< In its client's `busy`, while its queue is not empty.
  std::uint32_t store_index = 0;
  std::vector<DeviceNumber> allowed;
};

struct ClientState {
  ClientNumber number;
  ClientKnobs knobs;
  bool is_gone = false;
  bool is_full = false;   ///< A request met full outputs; waits for `OutputTaken`.
  bool is_paced = false;  ///< Waits for `next_start`.
  std::uint32_t outputs_held = 0;
  TimePoint next_start;
  TimePoint last_arrival;
  std::uint32_t arrived_together = 0;  ///< Frames of `last_arrival`.
  double interval = 0;                 ///< Measured between arrivals, in ns a frame; 0: not known.
  IndexedHeap<TimePoint, ClientState>::Node pace;
  std::uint32_t store_index = 0;
  std::vector<double> tags;           ///< Virtual time by device and class.
  std::vector<std::uint32_t> active;  ///< Lanes by device and class where it waits.
  std::vector<FlowState*> flows;
  std::vector<FlowState*> busy;  ///< Those that have requests queued.
  std::vector<std::unique_ptr<ClientLane>> lanes;
  std::vector<std::unique_ptr<ClientShare>> shares;
  std::array<std::uint64_t, kFinishReasons> finished{};

  [[nodiscard]] bool is_gated() const noexcept { return is_full || is_paced; }
};

/// A package on some sub-devices.
struct ResidenceState {
  LaneState* lane = nullptr;
  std::uint32_t placement = 0;
  SubDeviceMask mask = 0;
  std::uint32_t cores = 1;
  std::uint32_t depth = 1;
  std::uint64_t memory_bytes = 0;
  std::uint64_t shared_bytes = 0;
  std::uint32_t in_flight = 0;
  Epoch epoch = 0;
  SchedulerSnapshot::ResidenceState state = SchedulerSnapshot::ResidenceState::kReady;
  std::uint32_t drains = 0;  ///< Changes that wait for it to be empty.
  Turn turn;
  TimePoint last_completion;
  double frame_time = 0;  ///< Occupied time of a frame here in ns, measured; 0: not known yet.

  /// Returns whether `frame_time` says something of a batch that starts now: what was slow is tried
  /// again when it was not used for 64 times that, which costs a 64th of the time at most.
  [[nodiscard]] bool knows_time(TimePoint now) const noexcept {
    constexpr double kTriedAgainAfter = 64;
    return static_cast<double>((now - last_completion).count()) < kTriedAgainAfter * frame_time;
  }
};

/// A change of residence: chosen and draining, then started.
struct ChangeState {
  Epoch epoch = 0;
  LaneState* lane = nullptr;  ///< Comes in, or goes out if `only_out`.
  std::uint32_t placement = 0;
  PlacementFacts facts;      ///< Of that placement, when it was chosen.
  SubDeviceMask mask = 0;    ///< Of what comes in.
  SubDeviceMask locked = 0;  ///< And of all who leave.
  bool only_out = false;
  bool is_started = false;
  bool is_full_turn = true;
  bool evicts = false;  ///< Somebody leaves for it.
  DecisionReason reason = DecisionReason::kNone;
  std::vector<ResidenceState*> victims;  ///< Leave.
  std::vector<ResidenceState*> paused;   ///< Stay, but stand still until the change is over.
  ResidenceState* incoming = nullptr;
  TimePoint started_at;
  Duration limit{0};  ///< Of the change, once started.
};

/// A package on a device: who waits for it there, and what it costs.
struct LaneState {
  PackageState* package = nullptr;
  DeviceState* device = nullptr;
  std::vector<PlacementFacts> placements;
  std::uint32_t max_sub_devices = kMaxSubDevices;  ///< That it may hold at once.
  bool always_resident = false;
  bool is_removed = false;
  FairQueue queue;
  IndexedHeap<TimePoint, FlowLane> due;
  IndexedHeap<TimePoint, FlowLane> arrivals;
  std::uint32_t linked = 0;         ///< Flows that wait here.
  std::uint64_t queued_frames = 0;  ///< Of them.
  std::uint32_t active_index = 0;   ///< In its device's `active`, while `linked` > 0.
  std::uint32_t residences = 0;     ///< Ready or draining.
  std::uint32_t held = 0;           ///< Sub-devices of them.
  std::uint32_t coming = 0;         ///< Changes that bring it in.
  std::uint32_t references = 0;     ///< Of flows and batches.
  bool is_quarantined = false;      ///< Until its back-off ends.
  Backoff loads;
  std::uint32_t failed_in_row = 0;  ///< Batches here that count against device or package.
  bool is_suspect = false;          ///< Since they were held against one, none went well.
  std::uint32_t good_since = 0;     ///< Batches that went well since then.
  Backoff failing;                  ///< How often they were.
  Duration swap_cost{0};            ///< Last measured, else estimated.
  Duration longest_swap{0};
  double frame_time = 0;  ///< Occupied time of a frame in ns: measured, else estimated.
  double longest_frame_time = 0;
  Duration longest_batch{0};  ///< Start to answer.
  TimePoint swap_started;     ///< Of the last change that brought it in.
  TimePoint swap_ended;
  DecisionReason refusal = DecisionReason::kNone;  ///< The last one in the ring, not to flood it.

  explicit LaneState(const SchedulerKnobs& knobs)
      : loads(knobs.backoff_first, knobs.backoff_most, knobs.load_tries),
        failing(knobs.backoff_first, knobs.backoff_most, knobs.reset_tries + 1) {}
};

struct PackageState {
  PackageNumber number;
  BatchKnobs batch;
  bool is_removed = false;
  std::uint32_t largest_request = 1;  ///< Frames.
  std::vector<FlowState*> flows;
  std::vector<LaneState*> lanes;

  /// Returns how many frames a batch has at most.
  [[nodiscard]] std::uint32_t largest_batch() const noexcept {
    return std::max(batch.preferred_frames, largest_request);
  }
};

struct DeviceState {
  DeviceNumber number;
  DeviceCapacity capacity;
  SchedulerSnapshot::DeviceState state = SchedulerSnapshot::DeviceState::kUp;
  bool is_removed = false;
  std::vector<std::unique_ptr<LaneState>> lanes;
  std::vector<LaneState*> active;  ///< Those with flows that wait.
  std::vector<std::unique_ptr<ResidenceState>> residences;
  std::vector<std::unique_ptr<ChangeState>> changes;
  std::vector<std::unique_ptr<ResidenceState>> spare_residences;
  std::vector<std::unique_ptr<ChangeState>> spare_changes;
  std::array<double, kPriorityClasses> floor{};  ///< Virtual time of the pick, by class.
  Epoch epoch = 0;
  SwapBudget budget;
  Backoff resets;
  std::optional<TimePoint> reset_at;      ///< When to ask for the next reset.
  std::optional<TimePoint> answer_until;  ///< For the running reset.
  std::optional<TimePoint> wake_at;
  std::uint32_t open_flows = 0;
  std::uint32_t batches_out = 0;
  std::uint32_t failed_in_row = 0;  ///< As of a lane, of all of them.
  Duration longest_batch{0};
  std::uint64_t batches = 0;
  std::uint64_t swaps = 0;
  std::uint64_t faults = 0;
  Duration swap_time{0};
  Duration busy_time{0};

  explicit DeviceState(const SchedulerKnobs& knobs)
      : budget(knobs.swap_share),
        resets(knobs.backoff_first, knobs.backoff_most, knobs.reset_tries + 1) {}
};

/// Low bits of a batch's number: where it is kept.
inline constexpr std::uint64_t kBatchSlots = std::uint64_t{1} << 16U;

struct BatchState {
  BatchNumber number;
  bool is_out = false;
  bool is_cancelled = false;  ///< The job limit passed once.
  DeviceState* device = nullptr;
  LaneState* lane = nullptr;
  ResidenceState* residence = nullptr;  ///< Null once the device faulted.
  std::vector<RequestSlot> requests;
  std::uint32_t frames = 0;
  std::uint32_t cores = 1;
  TimePoint started_at;
  IndexedHeap<TimePoint, BatchState>::Node limit;
};

/// All that a scheduler knows. The functions of this folder work on it; none keeps anything else.
struct ScheduleState {
  explicit ScheduleState(const SchedulerKnobs& knobs_in)
      : knobs(knobs_in),
        ring(knobs_in.decisions_kept) {}

  SchedulerKnobs knobs;
  RequestTable requests;
  std::vector<DeviceState*> devices;    ///< By number; null: none.
  std::vector<PackageState*> packages;  ///< By number.
  std::vector<ClientState*> clients;    ///< By number.
  std::vector<FlowState*> flows;        ///< By number.
  std::vector<std::unique_ptr<DeviceState>> device_store;
  std::vector<std::unique_ptr<PackageState>> package_store;
  std::vector<std::unique_ptr<ClientState>> client_store;
  std::vector<std::unique_ptr<FlowState>> flow_store;
  std::vector<std::unique_ptr<BatchState>> batches;  ///< By slot, the low bits of their number.
  std::vector<std::uint32_t> free_batches;
  std::uint32_t most_requests = 1;  ///< That a batch usually has room for: `preferred_frames`.
  std::uint64_t next_batch = 1;
  std::uint64_t next_order = 0;
  std::uint64_t batches_out = 0;
  std::uint64_t stale = 0;
  std::uint64_t dirty = 0;  ///< Devices to look at, one bit each.
  IndexedHeap<TimePoint, ClientState> paced;
  IndexedHeap<TimePoint, FlowState> expiries;
  IndexedHeap<TimePoint, BatchState> limits;
  std::vector<FinishRequest> finished;  ///< For the next `decide`, as the two below.
  std::vector<AbandonBatch> abandoned;
  std::vector<Finding> findings;
  std::vector<ClientShare*> freed_shares;  ///< May have room for those told full.
  std::vector<FlowState*> closed_flows;    ///< Nothing of them runs any more.
  bool has_removed = false;                ///< Packages or devices wait to be forgotten.
  std::array<std::uint64_t, kFinishReasons> finished_count{};
  DecisionRing ring;
  // Buffers of one decision.
  ResidencyPlanner planner;
  std::vector<Resident> residents;
  std::vector<LaneState*> wanting;
  std::vector<FlowState*> aside;
  std::vector<RequestNumber> numbers;
  std::vector<ChangeResidence::Outgoing> outgoing;
};

}  // namespace penstock
