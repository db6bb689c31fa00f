#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/base/clock.h"
#include "engine/run/run_status.h"
#include "engine/telemetry/pool_status.h"

namespace penstock {

/// What a running graph answers to `penstock status`: what it is, how it runs, and how its devices
/// are shared.
///
/// Units: rates per second over the last seconds; ages and times in nanoseconds.
struct StatusDocument {
  /// Rates and ages stand beside the entries of `run` with the same index.
  struct Rates {
    std::vector<double> stream_fps;             ///< Delivered.
    std::vector<double> node_fps;               ///< Processed.
    std::vector<double> device_fps;             ///< Frames.
    std::vector<std::int64_t> queue_oldest_ns;  ///< Age of the frame that waits longest.
  };

  std::string version;
  std::int64_t process = 0;
  std::string started;  ///< RFC 3339, of the day's clock.
  Duration uptime{0};
  RunStatus run;
  Rates rates;
  PoolStatus pool;
  TimePoint now;  ///< That ages of decisions count from.
};

/// Returns one line of JSON; the keys are those of docs/looking-at-a-graph.md. Never fails: what is
/// no UTF-8 is replaced.
std::string status_json(const StatusDocument& document);

}  // namespace penstock
