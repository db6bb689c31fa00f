#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <variant>
#include <vector>

#include "engine/base/clock.h"
#include "engine/schedule/decision_ring.h"
#include "engine/schedule/schedule_ids.h"

namespace penstock {

/// Why a request left the scheduler.
enum class FinishReason : std::uint8_t {
  kDone,        ///< Its batch ended well.
  kExpired,     ///< Its deadline passed before it ran.
  kDropped,     ///< A newer one took its place in a full queue, or found the queue full.
  kCancelled,   ///< By `CancelRequest` or `CloseFlow`.
  kClientGone,  ///< By `RemoveClient`.
  kFailed,      ///< It ran as often as it may and failed.
  kNoDevice,    ///< No device that its flow allows will run it.
  kRefused,     ///< At admission only: unknown flow, or more frames than the queue holds.
};

inline constexpr std::size_t kFinishReasons = 8;

/// What became of a `SubmitRequest`.
struct Admission {
  enum class Verdict : std::uint8_t {
    kAccepted,  ///< Will get exactly one `FinishRequest`.
    kFull,      ///< The caller keeps it; `RoomAvailable` says when to try again.
    kRefused,   ///< Never here: `reason` is `kRefused`, `kDropped` (reject) or `kNoDevice`.
    kDropped,   ///< Not taken: `reason` is `kExpired` or `kDropped`.
  };

  Verdict verdict = Verdict::kAccepted;
  FinishReason reason = FinishReason::kDone;
};

/// Run these requests as one batch. Answer: `BatchDone`.
struct RunBatch {
  BatchNumber batch;
  DeviceNumber device;
  SubDeviceMask sub_devices = 0;  ///< 0: the whole device, as an always resident package has it.
  std::uint32_t placement = 0;    ///< Index into `PlacePackage::placements`.
  PackageNumber package;
  Epoch epoch = 0;  ///< Of the change that made the package resident; 0: always resident.
  std::span<const RequestNumber> requests;  ///< Valid until the buffer's next `clear`.
};

/// These sub-devices are drained: send `outgoing` out, then bring `incoming` in, as one step.
/// Answer: `ResidenceChanged` with the same epoch.
struct ChangeResidence {
  struct Outgoing {
    PackageNumber package;
    std::uint32_t placement = 0;
    Epoch epoch = 0;  ///< Of the change that brought it in.
  };

  DeviceNumber device;
  Epoch epoch = 0;
  SubDeviceMask sub_devices = 0;  ///< Of the incoming package.
  PackageNumber incoming;
  std::uint32_t placement = 0;         ///< Index into `PlacePackage::placements` of the incoming.
  std::span<const Outgoing> outgoing;  ///< Valid until the buffer's next `clear`.
  bool only_out = false;  ///< Nothing comes in: `incoming` was removed and is the one that leaves.
  Duration limit{0};      ///< A device that takes longer hangs.
};

/// The request has left: each accepted one does exactly once. The buffers of a request that ran are
/// free, because its batch has ended or was abandoned.
struct FinishRequest {
  RequestNumber request;
  FinishReason reason = FinishReason::kDone;
};

/// Ask the device to end this batch early; its `BatchDone` still comes.
struct CancelBatch {
  BatchNumber batch;
  DeviceNumber device;
};

/// The device was given up or reset and does not end this batch: its requests run again or end,
/// with other memory for their results, since the device may still write into that of the batch.
struct AbandonBatch {
  BatchNumber batch;
  DeviceNumber device;
};

/// What the scheduler has found by itself, for whoever tells people; nothing is to be done.
struct Finding {
  enum class Kind : std::uint8_t {
    kDeviceFault,     ///< For `reason`; it is reset, now or after its back-off.
    kDeviceGivenUp,   ///< For `reason`.
    kPackageAway,     ///< `package` is kept away from the device for `away`.
    kPackageGivenUp,  ///< `package` is not tried on the device any more.
  };

  Kind kind = Kind::kDeviceFault;
  DeviceNumber device;
  PackageNumber package;  ///< Whose job showed it, or who was coming in, where one was.
  DecisionReason reason = DecisionReason::kNone;
  Duration away{0};
};

/// Answer: `DeviceReady` or `DeviceFaulted`.
struct ResetDevice {
  DeviceNumber device;
  std::uint32_t attempt = 1;
};

/// The flow, once told `kFull`, may try again.
struct RoomAvailable {
  FlowNumber flow;
};

using SchedulerAction = std::variant<RunBatch,
                                     ChangeResidence,
                                     FinishRequest,
                                     CancelBatch,
                                     AbandonBatch,
                                     ResetDevice,
                                     RoomAvailable,
                                     Finding>;

/// What `Scheduler::decide` wants done, in order. One buffer, used again and again, so that the
/// steady state allocates nothing.
///
/// Ownership: the spans inside point into it.
class SchedulerActions {
 public:
  void clear() noexcept {
    actions_.clear();
    used_requests_ = 0;
    used_outgoing_ = 0;
  }

  [[nodiscard]] std::span<const SchedulerAction> all() const noexcept { return actions_; }

  [[nodiscard]] bool empty() const noexcept { return actions_.empty(); }

  void add(const SchedulerAction& action) { actions_.push_back(action); }

  /// Copies `requests` into the buffer and returns where they lie.
  std::span<const RequestNumber> keep(std::span<const RequestNumber> requests) {
    return keep(request_blocks_, used_requests_, requests);
  }

  std::span<const ChangeResidence::Outgoing> keep(
      std::span<const ChangeResidence::Outgoing> outgoing) {
    return keep(outgoing_blocks_, used_outgoing_, outgoing);
  }

 private:
  /// Each list has a block of its own, because a growing common one would move under the spans.
  template <class T>
  static std::span<const T> keep(std::vector<std::vector<T>>& blocks,
                                 std::size_t& used,
                                 std::span<const T> items) {
    if (used == blocks.size()) {
      blocks.emplace_back();
    }
    std::vector<T>& block = blocks[used++];
    block.assign(items.begin(), items.end());
    return block;
  }

  std::vector<SchedulerAction> actions_;
  std::vector<std::vector<RequestNumber>> request_blocks_;
  std::vector<std::vector<ChangeResidence::Outgoing>> outgoing_blocks_;
  std::size_t used_requests_ = 0;
  std::size_t used_outgoing_ = 0;
};

}  // namespace penstock
