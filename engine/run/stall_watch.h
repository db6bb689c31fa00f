#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/base/clock.h"
#include "engine/flow/edge_ring.h"

namespace penstock {

/// Finds edges whose consumer takes nothing although frames wait, and names them.
///
/// It samples the edges' counters from outside, so frames pay nothing for it.
/// Thread-safety: one thread; the edges may be in use.
class StallWatch {
 public:
  struct Report {
    std::string edge;      ///< "detect -> overlay".
    std::string consumer;  ///< The segment that should have taken something.
    std::uint64_t waiting = 0;
    Duration age{0};    ///< How long nothing was taken.
    bool over = false;  ///< The stall that was reported before has ended.
  };

  struct Watched {
    const EdgeRing* edge = nullptr;
    std::string consumer;
  };

  StallWatch(std::vector<Watched> edges, Duration limit);

  /// Looks at all edges; returns stalls that have begun to count, and those that are over, once
  /// each.
  [[nodiscard]] std::vector<Report> sample(TimePoint now);

 private:
  struct State {
    Watched watched;
    std::uint64_t popped = 0;
    TimePoint since;
    bool started = false;
    bool reported = false;
  };

  std::vector<State> states_;
  Duration limit_;
};

}  // namespace penstock
