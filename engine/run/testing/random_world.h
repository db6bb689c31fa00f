#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/clock.h"
#include "engine/memory/buffer_pool.h"
#include "engine/run/testing/dice.h"
#include "engine/run/testing/listening_node.h"
#include "engine/run/testing/random_nodes.h"
#include "engine/run/testing/virtual_graph.h"

namespace penstock::testing {

/// A graph in virtual time whose form, nodes, sources, failures and orders come from a seed.
///
/// One to six streams run through two to eight stages, some once for all streams and some once for
/// each, which part and meet again.
/// Thread-safety: one thread.
class RandomWorld {
 public:
  RandomWorld(std::uint64_t seed, WorldTraits traits);

  /// Returns whether all came to rest.
  bool run() { return graph_.run(); }

  /// Runs a random number of steps.
  void run_a_while();

  /// Tears all down in random order, in the midst of what it does.
  void tear_down();

  /// Expects that queues and windows kept their bounds and streams their order.
  void check_bounds();
  /// After a run that came to rest.
  void check_finished();
  /// Once every frame is gone.
  void check_returned();
  /// Where nothing is dropped and nothing fails: each input was told of each frame of its streams,
  /// by the frame itself or by a tombstone; once, but where branches meet again. So a join there
  /// never waits for its time-out.
  void check_all_told();
  void check_all_delivered();

 private:
  struct Stage {
    bool shared = true;
    std::vector<std::size_t> from;  // Earlier stages; empty means: the sources.
    bool is_sink = false;
    int nodes = 1;
    bool routes = false;
  };

  enum class Part { kRunner, kEdge, kPump, kSegment, kKeptFrame };

  Duration moment() { return std::chrono::milliseconds(dice_.pick(0, 1200)); }

  void plan_stages();
  void plan_edges();
  void connect(std::size_t from, std::size_t to, std::size_t instance);
  std::size_t new_edge();
  [[nodiscard]] std::vector<StreamId> all_streams() const;
  void make_sources();
  void make_segments();
  void answer_failures();
  void give_orders();
  void destroy(Part part, std::size_t index);

  Dice dice_;
  const WorldTraits traits_;
  std::unique_ptr<BufferPool> pool_;
  std::size_t streams_ = 1;
  std::vector<Stage> stages_;
  bool is_merged_ = false;
  std::vector<std::vector<VirtualGraph::SegmentSpec>> segments_;
  std::vector<std::vector<VirtualGraph::Out>> source_outs_;
  std::vector<std::uint64_t> frames_;
  std::vector<std::uint32_t> windows_;
  std::vector<std::shared_ptr<Told>> told_;
  std::unique_ptr<RandomNodes> nodes_;
  VirtualGraph graph_;
};

}  // namespace penstock::testing
