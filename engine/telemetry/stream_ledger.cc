#include "engine/telemetry/stream_ledger.h"

#include <algorithm>

namespace penstock {

void StreamLedger::count_ended(Outcome outcome, Reason reason, Duration age) noexcept {
  outcomes_[static_cast<std::size_t>(outcome)].fetch_add(1, std::memory_order_relaxed);
  if (outcome == Outcome::kDelivered) {
    latency_.record(static_cast<std::uint64_t>(std::max<Duration::rep>(age.count(), 0)));
  } else {
    reasons_[static_cast<std::size_t>(reason)].fetch_add(1, std::memory_order_relaxed);
  }
}

StreamLedger::Totals StreamLedger::totals() const noexcept {
  const auto outcome = [this](Outcome which) {
    return outcomes_[static_cast<std::size_t>(which)].load(std::memory_order_relaxed);
  };
  Totals totals;
  totals.offered = offered_.load(std::memory_order_relaxed);
  totals.admitted = admitted_.load(std::memory_order_relaxed);
  totals.refused = refused_.load(std::memory_order_relaxed);
  totals.delivered = outcome(Outcome::kDelivered);
  totals.dropped = outcome(Outcome::kDropped);
  totals.cancelled = outcome(Outcome::kCancelled);
  totals.failed = outcome(Outcome::kFailed);
  totals.lost = outcome(Outcome::kLost);
  for (std::size_t i = 0; i < reasons_.size(); ++i) {
    totals.by_reason[i] = reasons_[i].load(std::memory_order_relaxed);
  }
  return totals;
}

}  // namespace penstock
