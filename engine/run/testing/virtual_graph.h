#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/clock.h"
#include "engine/flow/edge_ring.h"
#include "engine/run/segment.h"
#include "engine/run/source_pump.h"
#include "engine/run/supervised.h"
#include "engine/run/testing/scripted.h"
#include "engine/run/virtual_runner.h"

namespace penstock::testing {

/// Wires pumps, segments and edges and runs them in virtual time.
///
/// Edges are named by index in the order of `edge()`; each has one producer and one consumer, which
/// name it in their `outputs` and `inputs`. `start()` connects all and hands them to the runner.
///
/// Ownership: owns all of it; `stream_books` may outlive it. Thread-safety: one thread.
///
/// @code
///   VirtualGraph graph;
///   const auto a = graph.edge(4);
///   graph.source({.outputs = {{a}}});
///   graph.segment({.nodes = {processing(...)}, .inputs = {{a}}});
///   EXPECT_TRUE(graph.run());
/// @endcode
class VirtualGraph {
 public:
  struct Out {
    std::size_t edge = 0;
    std::size_t port = 0;
    std::optional<StreamId> only = {};
  };

  struct In {
    std::size_t edge = 0;
    std::size_t port = 0;
    std::vector<StreamId> streams = {StreamId{0}};
  };

  struct SourceSpec {
    StreamId stream{};
    ScriptedSource::Script script = {};
    std::uint32_t window = 2;
    std::optional<Duration> deadline = {};
    std::optional<double> max_fps = {};
    bool realtime = false;
    std::vector<Out> outputs = {};
    SourceFactory make = {};  ///< Instead of one by `script`.
  };

  struct SegmentSpec {
    std::vector<NodeFactory> nodes = {};
    std::vector<In> inputs = {};
    std::vector<Out> outputs = {};
    std::string stream = {};
    std::size_t ports = 1;  ///< See `Segment::Options`.
  };

  explicit VirtualGraph(std::uint64_t seed = 0)
      : runner_(std::make_unique<VirtualRunner>(clock_, seed)) {}

  VirtualGraph(const VirtualGraph&) = delete;
  VirtualGraph& operator=(const VirtualGraph&) = delete;

  /// The runner goes first: it must not outlive what it drives.
  ~VirtualGraph() { runner_.reset(); }

  std::size_t edge(std::uint32_t capacity, Overflow overflow = Overflow::kBlock);
  SourcePump& source(SourceSpec spec);
  Segment& segment(SegmentSpec spec);
  /// Takes in a runnable that the test made itself on `ring(...)` of its edges.
  void add(std::unique_ptr<Supervised> made,
           const std::vector<std::size_t>& inputs,
           const std::vector<std::size_t>& outputs);

  /// Answers each failure after a second: `restarts` times with a restart, then by giving up.
  void supervise(int restarts);

  /// Connects all edges and lets everything take part. Called by `run` where the test did not.
  void start();
  /// Returns whether all came to rest.
  bool run();
  bool run_until(Duration since_start);

  [[nodiscard]] ManualClock& clock() noexcept { return clock_; }

  [[nodiscard]] VirtualRunner& runner() noexcept { return *runner_; }

  [[nodiscard]] EventLog& events() noexcept { return events_; }

  [[nodiscard]] EdgeRing& ring(std::size_t index) noexcept { return *edges_[index].ring; }

  [[nodiscard]] Segment& segment_at(std::size_t index) noexcept { return *segments_[index]; }

  [[nodiscard]] SourcePump& pump(std::size_t index) noexcept { return *pumps_[index]; }

  [[nodiscard]] ScriptedSource::Position& position(std::size_t pump) noexcept {
    return *positions_[pump];
  }

  [[nodiscard]] StreamLedger& books(std::size_t pump) noexcept { return *books_[pump]; }

  [[nodiscard]] std::shared_ptr<StreamLedger> shared_books(std::size_t pump) {
    return books_[pump];
  }

  [[nodiscard]] NodeLedger& node_books(const Segment& segment, std::size_t node) {
    return *node_books_.at(&segment)[node];
  }

  [[nodiscard]] bool all_finished() const;

  // Teardown in any order: each leaves the rest to live on.
  void destroy_runner() { runner_.reset(); }

  void destroy_edge(std::size_t index) { edges_[index].ring.reset(); }

  void destroy_pump(std::size_t index) { pumps_[index].reset(); }

  void destroy_segment(std::size_t index) { segments_[index].reset(); }

  void destroy_added(std::size_t index) { added_[index].reset(); }

  [[nodiscard]] std::size_t edge_count() const noexcept { return edges_.size(); }

  [[nodiscard]] std::size_t pump_count() const noexcept { return pumps_.size(); }

  [[nodiscard]] std::size_t segment_count() const noexcept { return segments_.size(); }

 private:
  struct Edge {
    std::unique_ptr<EdgeRing> ring;
    Runnable* producer = nullptr;
    Runnable* consumer = nullptr;
  };

  std::vector<OutEdge> resolve(const std::vector<Out>& outputs);

  ManualClock clock_{TimePoint(std::chrono::seconds(1000))};
  EventLog events_;
  std::unique_ptr<VirtualRunner> runner_;
  std::vector<Edge> edges_;
  std::vector<std::unique_ptr<Segment>> segments_;
  std::vector<std::unique_ptr<SourcePump>> pumps_;
  std::vector<std::unique_ptr<Supervised>> added_;
  std::vector<std::shared_ptr<ScriptedSource::Position>> positions_;
  std::vector<std::shared_ptr<StreamLedger>> books_;
  std::map<const Segment*, std::vector<std::shared_ptr<NodeLedger>>> node_books_;
  bool started_ = false;
};

/// What must hold of a stream's books once nothing is in the graph any more: empty, or what is
/// wrong.
std::string imbalance(const StreamLedger::Totals& totals);

}  // namespace penstock::testing
