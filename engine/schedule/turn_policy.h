#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "engine/base/clock.h"
#include "engine/schedule/decision_ring.h"
#include "engine/schedule/knobs.h"

namespace penstock {

/// One stay of a package on sub-devices: what was used since it came there, and how much may be if
/// another waits. Frames count on whichever of its places they run; time is of this one.
struct Turn {
  std::uint64_t frames = 0;
  Duration time{0};
  std::uint64_t frame_cap = 0;  ///< Largest frame limit of the flows served; 0: none served yet.
  Duration time_cap{0};
  Duration linger{0};     ///< Longest of the flows served.
  std::uint8_t rank = 0;  ///< Highest class served.
  bool frames_unlimited = false;
  bool time_unlimited = false;
  /// It came by its share: its equals wait until it is over. A turn that was granted only because
  /// `max_wait` passed has served its purpose with its first batches.
  bool is_full = true;
  TimePoint active_at;  ///< Last time it started or ended something.

  void serve(const FlowKnobs& knobs,
             std::uint8_t of_rank,
             std::uint32_t count,
             TimePoint now) noexcept {
    rank = std::max(rank, of_rank);
    frames += count;
    frame_cap = std::max<std::uint64_t>(frame_cap, knobs.frame_limit);
    time_cap = std::max(time_cap, knobs.time_limit);
    linger = std::max(linger, knobs.linger);
    frames_unlimited = frames_unlimited || knobs.frame_limit == 0;
    time_unlimited = time_unlimited || knobs.time_limit <= Duration{0};
    active_at = now;
  }

  [[nodiscard]] bool has_limit() const noexcept { return !frames_unlimited || !time_unlimited; }

  /// A turn that served nobody is not over.
  [[nodiscard]] bool is_over() const noexcept {
    return frames > 0 &&
           ((!frames_unlimited && frames >= frame_cap) || (!time_unlimited && time >= time_cap));
  }
};

/// How a package stands among those that want one device.
struct Standing {
  bool has_work = false;
  bool is_overdue = false;
  TimePoint due;             ///< When `max_wait` passes, or passed, for its longest waiting head.
  std::uint8_t rank = 0;     ///< Its best class that has work.
  double tag = 0;            ///< Virtual time of its next client.
  bool is_resident = false;  ///< Somewhere on the device already.
  std::uint32_t held = 0;    ///< Sub-devices of its residences.
  double weight = 0;         ///< Of its clients of that class that have work, together.
};

/// What a holder's stay says to one that waits.
struct LeaveVerdict {
  bool may_leave = false;
  DecisionReason reason = DecisionReason::kNone;
  std::optional<TimePoint> ask_at;  ///< When time alone changes the answer.
};

/// Returns whether `a` goes before `b`: the overdue in the order in which they became so, then the
/// higher class, then who has received less.
inline bool precedes(const Standing& a, const Standing& b) noexcept {
  if (a.is_overdue != b.is_overdue) {
    return a.is_overdue;
  }
  if (a.is_overdue && a.due != b.due) {
    return a.due < b.due;
  }
  if (a.rank != b.rank) {
    return a.rank > b.rank;
  }
  return a.tag < b.tag;
}

/// Returns whether `holder` leaves its place, in a turn like this, to `waiting`.
///
/// `swap_allowed_at` is when the budget of swaps allows the next. A further place is taken from an
/// equal only by one that holds less for its weight, so that its lag grows, and has received less
/// by `lag`: where the places can be divided by weight they are, and nobody swaps any more.
LeaveVerdict may_leave(const Standing& waiting,
                       const Standing& holder,
                       const Turn& turn,
                       TimePoint swap_allowed_at,
                       double lag,
                       TimePoint now) noexcept;

}  // namespace penstock
