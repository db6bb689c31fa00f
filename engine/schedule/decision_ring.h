#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/base/clock.h"
#include "engine/schedule/schedule_ids.h"

namespace penstock {

enum class DecisionKind : std::uint8_t {
  kRun,          ///< Batches left; `client` is their first requests', `count` their frames.
  kSwapChosen,   ///< `package` shall come in; the sub-devices drain.
  kSwapStarted,  ///< Drained; `count` packages go out, `other` is the first of them.
  kSwapDropped,  ///< Chosen, but nobody wants `package` any more: nothing was changed.
  kSwapDone,     ///< `cost` is what it took.
  kSwapFailed,   ///< `package` is kept away until its back-off ends; `count` is failures in a row.
  kWaited,       ///< `package` has to wait; `reason` says for what, `other` who holds the place.
  kLost,         ///< `count` requests of a batch run again or failed.
  kStale,        ///< A completion or answer of the past was recognised and ignored.
  kJobLimit,     ///< A batch had no answer for the limit and is cancelled.
  kDeviceFault,  ///< `count` is the caller's reason, where `reason` is `kReported`.
  kReset,        ///< `count` is the attempt.
  kDeviceReady,
  kDeviceGivenUp,
  kPackageGivenUp,  ///< Loads, or jobs (`reason`), failed too often on this device.
  kPackageAway,     ///< Its jobs fail here, not those of others: kept away for `cost`.
  kAbandoned,       ///< A batch that does not end is waited for no longer.
};

/// Why a package came next, or what it waits for.
enum class DecisionReason : std::uint8_t {
  kNone,
  kFreePlace,  ///< It fits beside what is resident.
  kOverdue,    ///< `max_wait` passed.
  kHigherClass,
  kTurnOver,       ///< The holder used up its frame or time limit and its share.
  kQueueEmpty,     ///< The holder has nothing to do.
  kMoreRoom,       ///< It is resident and has more work than its places take.
  kInTurn,         ///< Waits: the holder's turn goes on.
  kSwapShare,      ///< Waits: a swap now would cost more than `swap_share`.
  kLinger,         ///< Waits: the holder lingers on its empty queue.
  kLowerClass,     ///< Waits: the holder's class is higher.
  kReserved,       ///< Waits: its place is kept for one that came first.
  kRemoved,        ///< Goes out because it was removed.
  kReported,       ///< Faulty: the caller says so.
  kJobOverdue,     ///< Faulty: a batch did not end within its limit.
  kChangeOverdue,  ///< Faulty: no answer to a change of residence.
  kChangeLost,     ///< Faulty: lost in a change of residence.
  kResetOverdue,   ///< Faulty: no answer to a reset.
  kJobLost,        ///< Faulty: a batch ended as lost with the device.
  kJobsFail,       ///< Faulty, or kept away: batches fail in a row.
  kJobsLeft,       ///< Faulty: batches do not end by a reset.
};

/// One decision: numbers only; `to_text` makes a sentence of it.
struct Decision {
  TimePoint time;
  std::uint64_t number = 0;  ///< Batch number (the last), or epoch of a change of residence.
  Duration cost{0};
  DeviceNumber device;
  PackageNumber package;
  PackageNumber other;
  ClientNumber client;
  std::uint32_t count = 0;
  std::uint32_t times = 1;  ///< How many decisions this stands for: batches, for `kRun`.
  DecisionKind kind = DecisionKind::kRun;
  DecisionReason reason = DecisionReason::kNone;
};

/// Keeps the last decisions, and the rare ones among the many.
///
/// Batches leave a thousand times a second, swaps and faults seldom. So runs of one package for one
/// client on one device are one entry until another kind of decision comes, and what runs have
/// no more than half of the room: they push out each other, never a swap, a fault or a wait.
///
/// Units: `capacity` in entries. Cost: one copy of a `Decision` each, and for a run a look at the
/// last few; no allocation after construction.
class DecisionRing {
 public:
  explicit DecisionRing(std::size_t capacity);

  void add(const Decision& decision) noexcept;

  /// Returns the kept ones, at most `capacity`, by their last times, oldest first.
  [[nodiscard]] std::vector<Decision> list() const;

  /// Returns how many there were since the start, kept or not.
  [[nodiscard]] std::uint64_t total() const noexcept { return total_; }

 private:
  /// How far back an entry for the same run is looked for.
  static constexpr std::uint64_t kLookBack = 16;

  struct Entry {
    Decision decision;
    std::uint64_t at = 0;  // `total_` when it came, or was last added to.
  };

  struct Ring {
    [[nodiscard]] Entry& entry(std::uint64_t index) noexcept {
      return entries[static_cast<std::size_t>(index % entries.size())];
    }

    void push(const Decision& decision, std::uint64_t at) noexcept {
      entry(added++) = {decision, at};
    }

    std::vector<Entry> entries;
    std::uint64_t added = 0;
  };

  bool add_to_run(const Decision& decision) noexcept;
  static void append(const Ring& ring, std::vector<Entry>& all);

  const std::size_t capacity_;
  Ring runs_;
  Ring others_;
  std::uint64_t runs_since_ = 0;  // The first of `runs_` after the last decision of another kind.
  std::uint64_t total_ = 0;
};

}  // namespace penstock
