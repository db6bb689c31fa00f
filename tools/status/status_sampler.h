#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "engine/base/clock.h"
#include "engine/run/run_status.h"
#include "tools/status/status_document.h"

namespace penstock {

/// Makes rates and ages out of counters that are looked at now and then.
///
/// The age of the oldest frame of a queue is known from counters alone, as queues keep their order:
/// the frame that leaves next is number `popped + 1`, and it has waited at least since the first
/// look at which so many were pushed. One that came after the last look has waited about as long
/// as its queue takes to pass it on.
///
/// Cost: keeps `kKept` looks of four numbers an entry.
/// Thread-safety: none.
class StatusSampler {
 public:
  static constexpr std::size_t kKept = 64;

  /// Takes in what `run` says at `now`, once a second or so. Times do not go back.
  void look(const RunStatus& run, TimePoint now);

  /// Returns rates over the last `span`, and ages, for what `run` says at `now`.
  [[nodiscard]] StatusDocument::Rates rates(const RunStatus& run,
                                            TimePoint now,
                                            Duration span = std::chrono::seconds(5)) const;

 private:
  struct Look {
    TimePoint time;
    std::vector<std::uint64_t> delivered;
    std::vector<std::uint64_t> processed;
    std::vector<std::uint64_t> inferred;
    std::vector<std::uint64_t> pushed;
    std::vector<std::uint64_t> popped;
  };

  static Look look_at(const RunStatus& run, TimePoint now);
  [[nodiscard]] const Look* since(TimePoint time) const;
  [[nodiscard]] std::int64_t oldest_ns(const Look& now, std::size_t edge) const;

  std::deque<Look> looks_;
};

}  // namespace penstock
