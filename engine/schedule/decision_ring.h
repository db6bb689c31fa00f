#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/base/clock.h"
#include "engine/schedule/schedule_ids.h"

namespace penstock {

enum class DecisionKind : std::uint8_t {
  kRun,          ///< A batch left; `client` is its first request's, `count` its frames.
  kSwapChosen,   ///< `package` shall come in; the sub-devices drain.
  kSwapStarted,  ///< Drained; `count` packages go out, `other` is the first of them.
  kSwapDropped,  ///< Chosen, but nobody wants `package` any more: nothing was changed.
  kSwapDone,     ///< `cost` is what it took.
  kSwapFailed,   ///< `package` is kept away until its back-off ends; `count` is failures in a row.
  kWaited,       ///< `package` has to wait; `reason` says for what, `other` who holds the place.
  kLost,         ///< `count` requests of a batch run again or failed.
  kStale,        ///< A completion or answer of the past was recognised and ignored.
  kJobLimit,     ///< A batch had no answer for the limit and is cancelled.
  kDeviceFault,  ///< `count` is the caller's reason.
  kReset,        ///< `count` is the attempt.
  kDeviceReady,
  kDeviceGivenUp,
  kPackageGivenUp,  ///< Loads failed too often on this device.
};

/// Why a package came next, or what it waits for.
enum class DecisionReason : std::uint8_t {
  kNone,
  kFreePlace,  ///< It fits beside what is resident.
  kOverdue,    ///< `max_wait` passed.
  kHigherClass,
  kTurnOver,    ///< The holder used up its frame or time limit and its share.
  kQueueEmpty,  ///< The holder has nothing to do.
  kMoreRoom,    ///< It is resident and has more work than its places take.
  kInTurn,      ///< Waits: the holder's turn goes on.
  kSwapShare,   ///< Waits: a swap now would cost more than `swap_share`.
  kLinger,      ///< Waits: the holder lingers on its empty queue.
  kLowerClass,  ///< Waits: the holder's class is higher.
  kReserved,    ///< Waits: its place is kept for one that came first.
  kRemoved,     ///< Goes out because it was removed.
};

/// One decision: numbers only; `to_text` makes a sentence of it.
struct Decision {
  TimePoint time;
  std::uint64_t number = 0;  ///< Batch number, or epoch of a change of residence.
  Duration cost{0};
  DeviceNumber device;
  PackageNumber package;
  PackageNumber other;
  ClientNumber client;
  std::uint32_t count = 0;
  DecisionKind kind = DecisionKind::kRun;
  DecisionReason reason = DecisionReason::kNone;
};

/// Keeps the last decisions.
///
/// Cost: one copy of a `Decision` each, no allocation after construction.
class DecisionRing {
 public:
  explicit DecisionRing(std::size_t capacity);

  void add(const Decision& decision) noexcept;

  /// Returns the kept ones, oldest first.
  [[nodiscard]] std::vector<Decision> list() const;

  /// Returns how many there were since the start, kept or not.
  [[nodiscard]] std::uint64_t total() const noexcept { return total_; }

 private:
  std::vector<Decision> ring_;
  std::uint64_t total_ = 0;
};

}  // namespace penstock
