#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "engine/telemetry/histogram.h"

namespace penstock {

/// What status says of one node. Thread-safety: written by the node's segment, read by anybody.
struct NodeLedger {
  std::string node;
  std::string stream;
  std::atomic<std::uint64_t> processed{0};
  std::atomic<std::uint64_t> dropped{0};
  std::atomic<std::uint64_t> failed{0};
  std::atomic<std::uint64_t> restarts{0};
  /// Nanoseconds that `process` took, of every 16th frame: reading the clock costs as much as a
  /// hop.
  Histogram busy;
};

}  // namespace penstock
