#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "actors/running_graph.h"
#include "engine/base/clock.h"
#include "engine/base/result.h"
#include "engine/plan/topology.h"
#include "engine/run/graph_run.h"

namespace penstock {

/// A graph that a benchmark puts together in code; planned, wired and driven as `penstock run` does
/// it.
///
/// Ownership: what the factories refer to outlives the graph.
/// Thread-safety: one thread.
class BenchGraph {
 public:
  using Sources = std::function<SourceFactory(const std::string& stream)>;

  explicit BenchGraph(std::string name) { topology_.graph = std::move(name); }

  /// Adds a lossless source and returns its index.
  std::size_t source(const std::string& name,
                     std::vector<std::string> streams,
                     Sources make,
                     std::optional<std::uint32_t> window = std::nullopt);
  /// Adds a node behind `from`, once per stream, and returns its index. With `queue` the edge to it
  /// stays one; without, the plan may fuse the two.
  std::size_t step(const std::string& name,
                   std::size_t from,
                   NodeFactory make,
                   std::optional<std::uint32_t> queue = std::nullopt);
  /// As `step`, where frames end; the factory is made for each stream.
  std::size_t sink(const std::string& name,
                   std::size_t from,
                   std::function<NodeFactory(const std::string& stream)> make,
                   std::optional<std::uint32_t> queue = std::nullopt);
  /// Adds a station with room for `frames` at the device, which it takes `batch` at a time, and
  /// returns its index. `queue` is that of the edge to it.
  std::size_t station(const std::string& name,
                      std::size_t from,
                      BackendFactory make,
                      std::uint32_t frames,
                      std::uint32_t batch = 1,
                      std::optional<std::uint32_t> queue = std::nullopt);

  /// Plans and wires the graph. Errors: of `plan` and `GraphRun::create`.
  Result<std::unique_ptr<GraphRun>> make_run(const Clock& clock) const;

  /// Makes the run and lets it go. Errors: as `make_run`.
  Result<std::unique_ptr<actors::RunningGraph>> start(actors::Workers& workers,
                                                      const Clock& clock) const;

 private:
  struct Part {
    std::function<NodeFactory(const std::string& stream)> node;
    Sources source;
    BackendFactory backend;
    std::uint32_t batch = 1;
  };

  class Makers;

  std::size_t add(Topology::Node node, Part part);
  std::size_t behind(const std::string& name,
                     Topology::Kind kind,
                     std::size_t from,
                     std::optional<std::uint32_t> queue,
                     Part part);

  Topology topology_;
  std::vector<Part> parts_;  // As the topology's nodes.
};

}  // namespace penstock
