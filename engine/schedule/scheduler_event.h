#pragma once

#include <bit>
#include <cstdint>
#include <optional>
#include <span>
#include <variant>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/result.h"
#include "engine/schedule/knobs.h"
#include "engine/schedule/schedule_ids.h"

namespace penstock {

/// What a device can hold. Units: bytes; 0 bytes: not limited.
struct DeviceCapacity {
  std::uint32_t sub_devices = 1;  ///< 1 to `kMaxSubDevices`.
  std::uint64_t memory_per_sub_device = 0;
  std::uint64_t shared_memory = 0;
  std::uint32_t max_resident = 0;  ///< Packages at once on one sub-device; 0: as memory allows.
};

/// One set of sub-devices on which a package can be resident. A package may be resident on several
/// of its placements at once.
struct PlacementFacts {
  SubDeviceMask sub_devices = 1;
  std::uint32_t depth = 1;         ///< Batches in flight that keep it busy; at least 1.
  std::uint64_t memory_bytes = 0;  ///< On each of them.
  std::uint64_t shared_bytes = 0;
  Duration activation_estimate{0};
  Duration service_estimate{0};  ///< Between two completions when busy.
};

/// Returns how many sub-devices the placement takes.
[[nodiscard]] constexpr std::uint32_t width_of(const PlacementFacts& placement) noexcept {
  return static_cast<std::uint32_t>(std::popcount(placement.sub_devices));
}

struct AddDevice {
  DeviceNumber device;
  DeviceCapacity capacity;
};

/// The device is gone for good. Batches that are out still get their `BatchDone`.
struct RemoveDevice {
  DeviceNumber device;
};

struct AddPackage {
  PackageNumber package;
  BatchKnobs batch;
};

/// The package can run on the device. Given again, it replaces the facts and forgives failed
/// loads and jobs.
struct PlacePackage {
  PackageNumber package;
  DeviceNumber device;
  std::vector<PlacementFacts> placements;  ///< At least one.
  /// Resident on the whole device for ever, without memory accounting; only `placements[0]` counts.
  bool always_resident = false;
  /// Sub-devices that it may hold at once, on whichever of its placements; 0: no limit.
  std::uint32_t max_sub_devices = 0;
};

/// Closes the flows of the package.
struct RemovePackage {
  PackageNumber package;
};

struct AddClient {
  ClientNumber client;
  ClientKnobs knobs;
};

/// Closes its flows. What waits ends now, what runs when the device has answered (`kClientGone`).
struct RemoveClient {
  ClientNumber client;
};

struct OpenFlow {
  FlowNumber flow;
  ClientNumber client;
  PackageNumber package;
  std::uint64_t stream = 0;  ///< For status only.
  FlowKnobs knobs;
  std::optional<PriorityClass> priority;  ///< In place of the client's.
  std::vector<DeviceNumber> devices;      ///< Allowed ones in order of preference.
  FlowPlacement placement = FlowPlacement::kPinned;
  bool failover = false;
};

/// As `RemoveClient` for one flow (`kCancelled`). A request that has frames of other flows too goes
/// on for them: the frames of the closed one run with it, but count for nothing of theirs any more;
/// it ends early only when the last of its flows is closed.
struct CloseFlow {
  FlowNumber flow;
};

struct SetClientKnobs {
  ClientNumber client;
  ClientKnobs knobs;
};

struct SetFlowKnobs {
  FlowNumber flow;
  FlowKnobs knobs;
};

/// What waits ends now, what runs when the device has answered.
struct CancelRequest {
  RequestNumber request;
};

/// A batch has ended and the device touches its buffers no more. One that was abandoned may still
/// end so: that is recognised, and changes nothing.
struct BatchDone {
  BatchNumber batch;
  /// `kOk`; `kDeviceLost`: the device is faulty, and its requests run again; so does `kCancelled`
  /// if `CancelBatch` was asked for; else they failed by themselves. Many failures in a row make
  /// the device faulty too (`SchedulerKnobs::fail_limit`), but for those that name the frame's own
  /// fault: `kInvalidArgument`, `kUnsupported`, `kCorrupt`, `kNotFound`.
  Errc code = Errc::kOk;
  Duration device_time{0};
};

/// The client has taken the outputs of `frames` frames.
struct OutputTaken {
  ClientNumber client;
  std::uint32_t frames = 1;
};

/// The answer to `ChangeResidence`. After a failure nothing of the change is resident.
struct ResidenceChanged {
  DeviceNumber device;
  Epoch epoch = 0;
  Errc code = Errc::kOk;
  Duration took{0};
};

/// The device is lost, hung or failed a reset; everything resident on it is gone.
struct DeviceFaulted {
  DeviceNumber device;
  std::uint32_t reason = 0;  ///< The caller's own id, kept in the ring.
};

/// The device works (again), with nothing resident.
struct DeviceReady {
  DeviceNumber device;
};

/// What can happen to a scheduler, but for `SubmitRequest`, whose answer is needed at once.
using SchedulerEvent = std::variant<AddDevice,
                                    RemoveDevice,
                                    AddPackage,
                                    PlacePackage,
                                    RemovePackage,
                                    AddClient,
                                    RemoveClient,
                                    OpenFlow,
                                    CloseFlow,
                                    SetClientKnobs,
                                    SetFlowKnobs,
                                    CancelRequest,
                                    BatchDone,
                                    OutputTaken,
                                    ResidenceChanged,
                                    DeviceFaulted,
                                    DeviceReady>;

/// What of a request belongs to one flow.
struct FlowPart {
  FlowNumber flow;
  std::uint32_t frames = 1;  ///< At least 1.

  friend bool operator==(const FlowPart&, const FlowPart&) = default;
};

/// One request for admission (`Scheduler::admit`).
///
/// It may bring frames of several flows, as a batch does that its client has made: it then stands
/// in the queue of each of them, starts when it is the oldest in all of these, and is charged to
/// each by its frames. What is one to the device stays one: it waits, runs, is dropped and ends as
/// a whole, with one `FinishRequest`.
struct SubmitRequest {
  RequestNumber request;
  FlowNumber flow;           ///< Whose knobs say what happens if the queue is full.
  std::uint32_t frames = 1;  ///< Of `flow`.
  std::optional<TimePoint> deadline;
  /// Interned by the caller: equal shapes and parameters, by value, have equal keys. Only requests
  /// with one key share a batch.
  std::uint32_t batch_key = 0;
  /// Frames of other flows, each named once, of the same client and package, with the same devices
  /// and placement; else it is refused. Looked at during `admit` only.
  std::span<const FlowPart> others = {};
};

}  // namespace penstock
