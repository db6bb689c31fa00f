#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string>

#include "engine/base/clock.h"
#include "engine/frame/outcome.h"
#include "engine/telemetry/histogram.h"

namespace penstock {

/// Keeps the books of one stream: what came in, how each frame ended, and how long it took.
///
/// The books balance: `offered = admitted + refused`, and once the graph is empty
/// `admitted = delivered + dropped + cancelled + failed + lost`, with `lost` 0.
///
/// Thread-safety: `count_offered`, `count_skipped` and `count_admitted` by the stream's source; all
/// else by any thread. Cost: two locked additions a frame.
class StreamLedger {
 public:
  struct Totals {
    std::uint64_t offered = 0;    ///< Frames that the source produced.
    std::uint64_t admitted = 0;   ///< Frames that entered the graph.
    std::uint64_t delivered = 0;  ///< Frames whose worst outcome is "delivered".
    std::uint64_t dropped = 0;    ///< Admitted frames that were dropped inside.
    std::uint64_t refused = 0;    ///< Offered frames that never entered (the latest frame wins).
    std::uint64_t cancelled = 0;
    std::uint64_t failed = 0;
    std::uint64_t lost = 0;
    std::array<std::uint64_t, kReasonCount> by_reason{};  ///< All that were not delivered.
  };

  void count_offered() noexcept { count_alone(offered_); }

  /// Books frames that their source had, and let go for a newer one.
  void count_skipped(std::uint64_t frames) noexcept {
    offered_.store(offered_.load(std::memory_order_relaxed) + frames, std::memory_order_relaxed);
    refused_.fetch_add(frames, std::memory_order_relaxed);
    reasons_[static_cast<std::size_t>(Reason::kLatestWins)].fetch_add(frames,
                                                                      std::memory_order_relaxed);
  }

  void count_admitted() noexcept { count_alone(admitted_); }

  void count_refused(Reason reason) noexcept {
    refused_.fetch_add(1, std::memory_order_relaxed);
    reasons_[static_cast<std::size_t>(reason)].fetch_add(1, std::memory_order_relaxed);
  }

  /// Books the end of an admitted frame. `age` is the time since it was admitted.
  void count_ended(Outcome outcome, Reason reason, Duration age) noexcept;

  [[nodiscard]] Totals totals() const noexcept;

  /// Latency of delivered frames from admission to their last release, in nanoseconds.
  [[nodiscard]] const Histogram& latency() const noexcept { return latency_; }

 private:
  /// Adds one to what only one thread writes: a load and a store, a fraction of a locked addition.
  static void count_alone(std::atomic<std::uint64_t>& count) noexcept {
    count.store(count.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }

  std::atomic<std::uint64_t> offered_{0};
  std::atomic<std::uint64_t> admitted_{0};
  std::atomic<std::uint64_t> refused_{0};
  std::array<std::atomic<std::uint64_t>, 6> outcomes_{};
  std::array<std::atomic<std::uint64_t>, kReasonCount> reasons_{};
  Histogram latency_;
};

}  // namespace penstock
