#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/result.h"
#include "engine/flow/edge_ring.h"
#include "engine/node/node.h"
#include "engine/node/source.h"
#include "engine/plan/plan.h"
#include "engine/plan/topology.h"
#include "engine/run/inference_backend.h"
#include "engine/run/segment.h"
#include "engine/run/source_pump.h"
#include "engine/run/stall_watch.h"
#include "engine/run/station.h"
#include "engine/run/supervisor.h"
#include "engine/telemetry/device_ledger.h"
#include "engine/telemetry/node_ledger.h"

namespace penstock {

/// How the nodes of a topology come to life: what is behind each name. Indexes are the topology's.
class NodeMakers {
 public:
  struct SourceWords {
    SourceFactory make;
    std::optional<Duration> deadline;
    std::optional<double> max_fps;
    bool realtime = false;
  };

  struct StationWords {
    BackendFactory make;
    std::uint32_t batch_size = 1;
    std::vector<Station::Share> shares = {};  ///< See `Station::Options`.
    Duration batch_wait = std::chrono::milliseconds(10);
    std::uint32_t batch_per_stream = 0;
  };

  virtual NodeFactory node(std::size_t node, const std::string& stream) = 0;
  virtual SourceWords source(std::size_t node, const std::string& stream) = 0;
  virtual StationWords station(std::size_t node) = 0;
  virtual RestartRule restart(std::size_t node) = 0;

 protected:
  ~NodeMakers() = default;
};

/// Everything that a planned graph needs to run, wired and not yet moving: edges, pumps, segments,
/// stations, and the books that status reads. Whoever drives its members makes it run.
///
/// Ownership: owns all of it. Frames may outlive it (an application may hold some).
/// Thread-safety: construction and destruction by one thread, while no member is driven.
class GraphRun {
 public:
  /// One node as status shows it; a per-stream node has one for each stream.
  struct NodeEntry {
    std::size_t node = 0;
    std::shared_ptr<NodeLedger> ledger;
  };

  struct DeviceEntry {
    std::size_t node = 0;
    std::string name;
    std::shared_ptr<DeviceLedger> ledger;
  };

  /// Errors: `kInvalidArgument` for a window or queue out of range.
  static Result<std::unique_ptr<GraphRun>> create(const Topology& topology,
                                                  Plan plan,
                                                  NodeMakers& makers,
                                                  const Clock& clock);
  ~GraphRun();
  GraphRun(const GraphRun&) = delete;
  GraphRun& operator=(const GraphRun&) = delete;

  [[nodiscard]] const std::string& graph() const noexcept { return graph_; }

  [[nodiscard]] const Plan& plan() const noexcept { return plan_; }

  [[nodiscard]] const std::vector<Supervisor::Member>& members() const noexcept { return members_; }

  [[nodiscard]] const std::vector<const SourcePump*>& pumps() const noexcept { return pumps_; }

  [[nodiscard]] const std::vector<std::unique_ptr<EdgeRing>>& edges() const noexcept {
    return edges_;
  }

  [[nodiscard]] const std::vector<NodeEntry>& nodes() const noexcept { return nodes_; }

  [[nodiscard]] const std::vector<DeviceEntry>& devices() const noexcept { return devices_; }

  /// What a `StallWatch` watches: every edge with its consumer.
  [[nodiscard]] std::vector<StallWatch::Watched> watched_edges() const;

 private:
  class Builder;
  GraphRun() = default;

  std::string graph_;
  Plan plan_;
  std::vector<std::unique_ptr<EdgeRing>> edges_;
  std::vector<std::unique_ptr<Supervised>>
      runnables_;  // One a segment of the plan; before the edges to go.
  std::vector<Supervisor::Member> members_;
  std::vector<const SourcePump*> pumps_;
  std::vector<NodeEntry> nodes_;
  std::vector<DeviceEntry> devices_;
};

}  // namespace penstock
