#include "engine/telemetry/stream_ledger.h"

#include <thread>

#include <gtest/gtest.h>

namespace penstock {
namespace {

TEST(StreamLedger, BalancesItsBooks) {
  StreamLedger ledger;
  for (int i = 0; i < 7; ++i) {
    ledger.count_offered();
  }
  ledger.count_refused(Reason::kLatestWins);
  for (int i = 0; i < 6; ++i) {
    ledger.count_admitted();
  }
  ledger.count_ended(Outcome::kDelivered, Reason::kNone, Duration(5));
  ledger.count_ended(Outcome::kDropped, Reason::kDeadline, Duration(5));
  ledger.count_ended(Outcome::kCancelled, Reason::kShutdown, Duration(5));
  ledger.count_ended(Outcome::kFailed, Reason::kPoison, Duration(5));
  ledger.count_ended(Outcome::kLost, Reason::kNone, Duration(5));
  ledger.count_ended(Outcome::kDelivered, Reason::kNone, Duration(5));
  const auto totals = ledger.totals();
  EXPECT_EQ(totals.offered, totals.admitted + totals.refused);
  EXPECT_EQ(totals.admitted,
            totals.delivered + totals.dropped + totals.cancelled + totals.failed + totals.lost);
  std::uint64_t reasons = 0;
  for (const std::uint64_t count : totals.by_reason) {
    reasons += count;
  }
  EXPECT_EQ(reasons, totals.offered - totals.delivered);
}

TEST(StreamLedger, MeasuresTheLatencyOfDeliveredFramesOnly) {
  StreamLedger ledger;
  ledger.count_ended(Outcome::kDropped, Reason::kDeadline, Duration(1'000'000));
  ledger.count_ended(Outcome::kDelivered, Reason::kNone, Duration(100));
  EXPECT_EQ(ledger.latency().count(), 1U);
  EXPECT_EQ(ledger.latency().max(), 100U);
}

TEST(StreamLedger, TakesANegativeAgeAs0) {
  StreamLedger ledger;
  ledger.count_ended(Outcome::kDelivered, Reason::kNone, Duration(-5));
  EXPECT_EQ(ledger.latency().max(), 0U);
}

TEST(StreamLedger, CountsEndsOfManyThreads) {
  StreamLedger ledger;
  const auto work = [&ledger] {
    for (int i = 0; i < 1'000; ++i) {
      ledger.count_ended(Outcome::kDelivered, Reason::kNone, Duration(i));
    }
  };
  std::thread other(work);
  work();
  other.join();
  EXPECT_EQ(ledger.totals().delivered, 2'000U);
  EXPECT_EQ(ledger.latency().count(), 2'000U);
}

}  // namespace
}  // namespace penstock
