/// Measures in virtual time what the scheduler makes of a device under load: how much of its time
/// is used, how fairly, and how long anybody waits; beside it a round robin as vendors do it. The
/// same figures come on every machine. `--json` prints one object.
#include <algorithm>
#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include "tools/bench/bench_main.h"
#include "tools/bench/schedule_run.h"
#include "tools/bench/schedule_workload.h"

namespace penstock {
namespace {

/// The least, or largest, of one figure over the workloads, with all of them as spread.
BenchRow row_of(const std::string& name,
                const std::vector<double>& values,
                bool is_worst_least,
                std::optional<double> goal) {
  BenchRow row;
  row.name = name;
  row.unit = "x";
  row.min = *std::min_element(values.begin(), values.end());
  row.max = *std::max_element(values.begin(), values.end());
  row.value = is_worst_least ? *row.min : *row.max;
  row.goal = goal;
  if (goal.has_value()) {
    row.met = is_worst_least ? row.value >= *goal : row.value <= *goal;
  }
  return row;
}

struct Figures {
  std::vector<double> use;
  std::vector<double> use_by_limit;
  std::vector<double> fairness;
  std::vector<double> wait_share;
  std::vector<double> wait_ms;

  void add(const ScheduleOutcome& outcome) {
    use.push_back(outcome.use);
    use_by_limit.push_back(outcome.use_by_limit);
    fairness.push_back(outcome.fairness);
    wait_share.push_back(outcome.wait_share);
    wait_ms.push_back(outcome.worst_wait_ms);
  }
};

std::optional<BenchReport> measure(const BenchWords& words) {
  constexpr double kUseGoal = 0.99;
  constexpr double kFairGoal = 0.99;
  constexpr double kWaitGoal = 1.0;
  BenchReport report;
  report.benchmark = "schedule";
  report.machine = "virtual time";
  for (const ScheduleProfile& profile : schedule_profiles()) {
    Figures ours;
    Figures vendors;
    for (const ScheduleWorkload& workload : schedule_workloads(profile)) {
      const ScheduleOutcome outcome = run_scheduler(profile, workload);
      for (const std::string& violation : outcome.violations) {
        std::fprintf(
            stderr, "%s, %s: %s\n", profile.name, workload.name.c_str(), violation.c_str());
      }
      if (!outcome.violations.empty()) {
        return std::nullopt;
      }
      ours.add(outcome);
      vendors.add(run_round_robin(profile, workload));
      if (words.rounds > 1) {
        std::fprintf(stderr,
                     "%s, %s: use %.4f (%.4f) fairness %.4f wait %.0f ms, %.3f of its bound; "
                     "round robin %.4f %.4f %.0f ms\n",
                     profile.name,
                     workload.name.c_str(),
                     outcome.use,
                     outcome.use_by_limit,
                     outcome.fairness,
                     outcome.worst_wait_ms,
                     outcome.wait_share,
                     vendors.use.back(),
                     vendors.fairness.back(),
                     vendors.wait_ms.back());
      }
    }
    const std::string name = profile.name;
    report.rows.push_back(row_of(name + " use of the best", ours.use, true, kUseGoal));
    report.rows.push_back(
        row_of(name + " use, by frame limits alone", ours.use_by_limit, true, std::nullopt));
    report.rows.push_back(row_of(name + " use, round robin", vendors.use, true, std::nullopt));
    report.rows.push_back(row_of(name + " fairness", ours.fairness, true, kFairGoal));
    report.rows.push_back(
        row_of(name + " fairness, round robin", vendors.fairness, true, std::nullopt));
    report.rows.push_back(row_of(name + " worst wait / bound", ours.wait_share, false, kWaitGoal));
    BenchRow wait = row_of(name + " worst wait", ours.wait_ms, false, std::nullopt);
    wait.unit = "ms";
    report.rows.push_back(wait);
    wait = row_of(name + " worst wait, round robin", vendors.wait_ms, false, std::nullopt);
    wait.unit = "ms";
    report.rows.push_back(wait);
  }
  return report;
}

}  // namespace
}  // namespace penstock

int main(int argc, char** argv) {
  penstock::BenchWords words;
  words.rounds = 1;
  return penstock::bench_main(argc, argv, words, penstock::measure);
}
