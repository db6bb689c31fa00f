#include "engine/schedule/turn_policy.h"

namespace penstock {
namespace {

LeaveVerdict yes(DecisionReason reason) noexcept {
  return {true, reason, std::nullopt};
}

LeaveVerdict no(DecisionReason reason) noexcept {
  return {false, reason, std::nullopt};
}

/// The answer as far as the holder's rights go, apart from the price of a swap.
LeaveVerdict rights(const Standing& waiting,
                    const Standing& holder,
                    const Turn& turn,
                    double lag,
                    TimePoint now) noexcept {
  if (!holder.has_work) {
    const TimePoint lingers_until = turn.active_at + turn.linger;
    if (turn.linger > Duration{0} && now < lingers_until && !waiting.is_overdue &&
        waiting.rank <= turn.rank) {
      return {false, DecisionReason::kLinger, lingers_until};
    }
    return yes(DecisionReason::kQueueEmpty);
  }
  const bool is_free = turn.is_over() || !turn.is_full;
  if (waiting.is_resident) {
    const bool holds_less = waiting.held * holder.weight < holder.held * waiting.weight;
    const bool lags = waiting.rank > holder.rank ||
                      (waiting.rank == holder.rank && holds_less && waiting.tag + lag < holder.tag);
    return is_free && lags ? yes(DecisionReason::kMoreRoom) : no(DecisionReason::kInTurn);
  }
  if (waiting.is_overdue) {
    return is_free || !turn.has_limit() ? yes(DecisionReason::kOverdue)
                                        : no(DecisionReason::kInTurn);
  }
  if (waiting.rank != holder.rank) {
    return waiting.rank > holder.rank ? yes(DecisionReason::kHigherClass)
                                      : no(DecisionReason::kLowerClass);
  }
  if (!is_free) {
    return no(DecisionReason::kInTurn);
  }
  return waiting.tag < holder.tag ? yes(DecisionReason::kTurnOver) : no(DecisionReason::kInTurn);
}

}  // namespace

LeaveVerdict may_leave(const Standing& waiting,
                       const Standing& holder,
                       const Turn& turn,
                       TimePoint swap_allowed_at,
                       double lag,
                       TimePoint now) noexcept {
  LeaveVerdict verdict = rights(waiting, holder, turn, lag, now);
  if (verdict.may_leave && now < swap_allowed_at) {
    return {false, DecisionReason::kSwapShare, swap_allowed_at};
  }
  return verdict;
}

}  // namespace penstock
