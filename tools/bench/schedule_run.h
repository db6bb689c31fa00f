#pragma once

#include <string>
#include <vector>

#include "tools/bench/schedule_workload.h"

namespace penstock {

/// What one run of a workload came to.
struct ScheduleOutcome {
  /// Device time used over the best possible: turn / (turn + swap) of the backlogged time, with the
  /// turns that the knobs allow and the mix of packages that really ran.
  double use = 0;
  double use_by_limit = 0;  ///< As if frame limits alone made the turns, and nobody waited.
  /// Jain's index of the weighted shares of device time of the steady clients.
  double fairness = 1;
  double worst_wait_ms = 0;
  /// Longest wait of a head over the published bound; of the scheduler's run only.
  double wait_share = 0;
  std::vector<std::string> violations;
};

/// Runs the workload under the scheduler.
ScheduleOutcome run_scheduler(const ScheduleProfile& profile, const ScheduleWorkload& workload);

/// Runs it as vendors' daemons do: packages in turn on the whole device, the frame limit counted
/// only while another package waits, an empty queue polled for 250 ms before it is left, one input
/// queue a package without weights, and a client that does not read holds the device up.
ScheduleOutcome run_round_robin(const ScheduleProfile& profile, const ScheduleWorkload& workload);

}  // namespace penstock
