#pragma once

#include <cstdint>

namespace penstock {

/// How a frame ended. Worse outcomes have higher values: the frame's outcome is the worst of its
/// sinks'.
enum class Outcome : std::uint8_t {
  kNone = 0,       ///< Not ended yet.
  kDelivered = 1,  ///< A sink has it.
  kDropped = 2,    ///< Left out on purpose; the reason is counted.
  kCancelled = 3,  ///< The run ended before it.
  kFailed = 4,     ///< A node or a device could not process it.
  kLost = 5,       ///< Released without an outcome: a bug, and a counter that fails every test.
};

/// Why a frame was dropped, cancelled or failed. Append-only: status and metrics print the words.
enum class Reason : std::uint8_t {
  kNone = 0,
  kLatestWins =
      1,  ///< A live source's window was full; a newer frame took the waiting one's place.
  kQueueOldest = 2,     ///< An edge with `drop: oldest` was full.
  kQueueNewest = 3,     ///< An edge with `drop: newest` was full.
  kDeadline = 4,        ///< Older than its deadline.
  kFiltered = 5,        ///< A filter declared that frames without objects end there.
  kSampled = 6,         ///< A sampler left it out.
  kNodeFailed = 7,      ///< A node returned an error for it, or died with it.
  kPoison = 8,          ///< It made its node fail twice.
  kDeviceFailed = 9,    ///< The device returned an error for it.
  kTimeout = 10,        ///< A device or a join did not answer in time.
  kStreamStopped = 11,  ///< Its stream was stopped after too many failures.
  kShutdown = 12,       ///< The run was told to end at once.
  kJoinLate = 13,       ///< Its other half came too late.
  kRouted = 14,         ///< Its node sent it out of another of its outputs.
};

inline constexpr int kReasonCount = 15;

/// Returns the word that status and metrics print ("latest_wins").
const char* to_string(Reason reason) noexcept;
const char* to_string(Outcome outcome) noexcept;

}  // namespace penstock
