#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/base/clock.h"

namespace penstock {

/// A device as the benchmark models it: all placements of its packages are alike.
/// Shapes after the public facts of three accelerators; calibration, not claims about them.
struct ScheduleProfile {
  const char* name = "";
  std::uint32_t sub_devices = 1;
  std::uint32_t width = 1;  ///< Sub-devices that one placement takes.
  std::uint32_t depth = 1;
  double stages = 1;  ///< Latency of a lone frame over its service time.
  Duration least_service{0};
  Duration most_service{0};
  Duration least_swap{0};
  Duration most_swap{0};
};

/// What one client of a workload does.
struct WorkloadClient {
  enum class Kind : std::uint8_t { kSteady, kBursty, kPausing, kSlowReader };

  Kind kind = Kind::kSteady;
  std::uint32_t package = 0;
  double weight = 1;
};

struct WorkloadPackage {
  Duration service{0};
  Duration swap{0};
};

/// Clients and packages of one run. Each package has a steady client, so that the device is
/// backlogged all the time and its best possible use is known.
struct ScheduleWorkload {
  std::string name;
  std::uint32_t frame_limit = 600;
  std::vector<WorkloadPackage> packages;
  std::vector<WorkloadClient> clients;

  /// Bursts: `kBurst` frames at once, each `kBurstPeriod`.
  static constexpr std::uint32_t kBurst = 16;
  static constexpr Duration kBurstPeriod = std::chrono::milliseconds(700);
  /// Pauses: works, then does not.
  static constexpr Duration kOn = std::chrono::milliseconds(1500);
  static constexpr Duration kOff = std::chrono::milliseconds(2500);
  /// A slow reader takes one output each.
  static constexpr Duration kReadPeriod = std::chrono::milliseconds(150);
};

/// Returns mx3 (one group of four chips, a pipeline), metis (four cores, double buffered) and aries
/// (two clusters of four cores).
const std::vector<ScheduleProfile>& schedule_profiles();

/// Returns twenty workloads of 2 to 50 clients for the profile: even, skewed by weight, with
/// bursts, with pauses, with slow readers.
std::vector<ScheduleWorkload> schedule_workloads(const ScheduleProfile& profile);

}  // namespace penstock
