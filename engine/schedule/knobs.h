#pragma once

#include <chrono>
#include <cstdint>

#include "engine/base/clock.h"

namespace penstock {

/// Strict classes: a lower one runs only when no higher one can, except once at `max_wait`.
enum class PriorityClass : std::uint8_t { kLow, kNormal, kHigh };

inline constexpr std::size_t kPriorityClasses = 3;

/// What happens to a frame that meets a full input queue.
enum class WhenFull : std::uint8_t {
  kBlock,       ///< The caller keeps it and is told when there is room.
  kDropOldest,  ///< The oldest that waits in the same flow makes room; if all run, the new one
                ///< goes.
  kDropNewest,  ///< The new one is dropped.
  kReject,      ///< The caller is refused.
};

/// Which of the allowed devices a flow's requests go to.
enum class FlowPlacement : std::uint8_t {
  kPinned,       ///< The first that is usable (with `failover`), else the first.
  kRoundRobin,   ///< Request by request, one after the other.
  kLeastLoaded,  ///< Whichever has room first.
};

/// The words of one flow. Defaults are the documented ones.
struct FlowKnobs {
  /// Of `max_wait`: never.
  static constexpr Duration kOff = Duration::max();

  std::uint32_t frame_limit = 600;  ///< Frames of a turn if another package waits; 0: no limit.
  Duration time_limit{0};           ///< Device time of a turn if another waits; 0: no limit.
  Duration linger{0};               ///< Stay on an empty queue before yielding to one that waits.
  std::uint32_t min_frames = 1;     ///< Not ready below; clamped to the queue size.
  Duration max_wait = std::chrono::seconds(2);  ///< Ready whatever, and above any class, once.
  /// Frames of the client for the package: queued, staged and in flight. At least 1.
  std::uint32_t ifmap_queue_size = 16;
  WhenFull when_full = WhenFull::kBlock;
  double weight = 1;  ///< Share within the client.

  friend bool operator==(const FlowKnobs&, const FlowKnobs&) = default;
};

/// The words of one client.
struct ClientKnobs {
  PriorityClass priority = PriorityClass::kNormal;
  double weight = 1;  ///< Share of device time within the class.
  /// Frames in flight or done and not taken (`OutputTaken`); 0: outputs are not counted.
  std::uint32_t ofmap_queue_size = 12;
  bool smoothing = false;  ///< With `fps_target` 0: pace to the measured rate of arrivals.
  double fps_target = 0;   ///< Above 0: at least 1/fps_target between frames.

  friend bool operator==(const ClientKnobs&, const ClientKnobs&) = default;
};

/// The words of a package's batches.
struct BatchKnobs {
  std::uint32_t preferred_frames = 1;  ///< A batch is full with that many.
  Duration wait{0};                    ///< For a full batch, counted from the oldest frame.
  std::uint32_t frames_per_flow = 0;   ///< At most that many of one stream in a batch; 0: all.

  friend bool operator==(const BatchKnobs&, const BatchKnobs&) = default;
};

/// What holds for the whole scheduler.
struct SchedulerKnobs {
  /// Time spent swapping over all time: after a swap that took c, the next that sends a package out
  /// of these sub-devices starts c * (1 - s) / s after its end at the earliest. 0.001 to 1; 1: no
  /// limit.
  double swap_share = 0.2;
  /// A batch without answer is cancelled at the limit; if it ends by that, or at twice the limit,
  /// its device is faulty.
  Duration job_limit = std::chrono::seconds(10);
  /// Jobs of different requests that fail in a row, on a device or of a package there, until one of
  /// the two is taken for faulty. At least 1.
  std::uint32_t fail_limit = 8;
  std::uint32_t lost_tries = 3;    ///< Runs of a request whose device was lost.
  std::uint32_t failed_tries = 2;  ///< Runs of a request that fails by itself.
  Duration backoff_first = std::chrono::seconds(1);
  Duration backoff_most = std::chrono::seconds(30);
  /// Failed loads in a row until (package, device) is given up, at least 1; a reset forgives them.
  std::uint32_t load_tries = 3;
  /// Resets in a row until the device is given up, and times that a package is tried again on a
  /// device on which its jobs fail.
  std::uint32_t reset_tries = 5;
  Duration reset_limit = std::chrono::seconds(60);  ///< For an answer to `ResetDevice`.
  /// For a change of residence, at most; and what any may take, whatever was estimated.
  Duration change_limit = std::chrono::seconds(60);
  Duration change_floor = std::chrono::seconds(2);
  std::uint32_t decisions_kept = 1024;
};

}  // namespace penstock
