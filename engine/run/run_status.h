#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/base/clock.h"
#include "engine/flow/edge_ring.h"
#include "engine/run/graph_run.h"
#include "engine/telemetry/stream_ledger.h"

namespace penstock {

/// What a running graph looks like at one moment: a plain value, made from the books that its
/// members keep, without disturbing them.
///
/// Units: latencies in nanoseconds; `progress_permille` in thousandths, negative if unknown.
struct RunStatus {
  struct Stream {
    std::string name;
    StreamLedger::Totals totals;
    std::uint32_t in_flight = 0;
    std::uint32_t window = 0;
    int progress_permille = -1;
    std::uint64_t decode_errors = 0;  ///< See `SourceFlaws`.
    std::uint64_t missing_frames = 0;
    std::uint64_t latency_p50_ns = 0;
    std::uint64_t latency_p99_ns = 0;
  };

  struct Node {
    std::string name;
    std::string stream;
    std::uint64_t processed = 0;
    std::uint64_t dropped = 0;
    std::uint64_t failed = 0;
    std::uint64_t restarts = 0;
    std::uint64_t busy_p50_ns = 0;
    std::uint64_t busy_p99_ns = 0;
  };

  struct Edge {
    std::string name;
    EdgeRing::Stats stats;
  };

  struct Device {
    std::string node;
    std::uint64_t inferences = 0;
    std::uint64_t frames = 0;
    std::uint64_t failed = 0;
    std::uint64_t busy_ns = 0;
    std::uint32_t in_flight = 0;
    std::uint64_t latency_p50_ns = 0;
    std::uint64_t latency_p99_ns = 0;
  };

  /// What keeps a worker: a segment, a source, a station.
  struct Member {
    std::string name;
    std::uint64_t long_turns = 0;  ///< Of more than `Runnable::kLongTurn`.
    std::int64_t longest_turn_ns = 0;
  };

  std::string graph;
  std::vector<Stream> streams;
  std::vector<Node> nodes;
  std::vector<Edge> edges;
  std::vector<Device> devices;
  std::vector<Member> members;
};

/// Reads the books of `run`. Thread-safety: any thread, while the run lives. Cost: some
/// microseconds a histogram.
RunStatus status_of(const GraphRun& run);

}  // namespace penstock
