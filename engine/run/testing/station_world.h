#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "engine/base/clock.h"
#include "engine/memory/buffer_pool.h"
#include "engine/run/station.h"
#include "engine/run/testing/fake_device.h"
#include "engine/run/testing/scripted.h"
#include "engine/run/testing/virtual_graph.h"

namespace penstock::testing {

/// A station at a `FakeDevice`, in virtual time. For each stream: source -> a node that makes the
/// tensor -> the station -> a sink that keeps what comes.
///
/// Each frame carries a number of its own; the sink checks that it is that number which the device
/// worked on.
/// Thread-safety: one thread.
class StationWorld {
 public:
  struct Setup {
    std::uint32_t streams = 1;
    std::uint64_t frames = 8;
    std::uint32_t window = 4;
    std::optional<Duration> period = {};  ///< Of a live source; nothing: a file.
    std::optional<Duration> deadline = {};
    std::uint32_t out_queue = 4;
    std::uint32_t batch = 1;
    Duration batch_wait = std::chrono::milliseconds(10);
    std::uint32_t batch_per_stream = 0;
    std::vector<Station::Share> shares = {};  ///< By stream.
    std::uint64_t seed = 0;
    /// The frames that come without a tensor.
    std::function<bool(StreamId, std::uint64_t)> bare = {};
  };

  StationWorld(Setup setup, FakeDevice::Options device);

  /// Expects that all ended, in order, with the right values, and that everything came back.
  void expect_finished();
  void expect_order();

  bool run() { return graph_.run(); }

  VirtualGraph& graph() { return graph_; }

  FakeDevice& device() { return *device_; }

  Station& station() { return *station_; }

  DeviceLedger& device_books() { return *device_books_; }

  NodeLedger& node_books() { return *node_books_; }

  StreamLedger::Totals totals(std::uint32_t stream = 0) { return graph_.books(stream).totals(); }

  std::uint64_t ended_by(Reason reason, std::uint32_t stream = 0) {
    return totals(stream).by_reason[static_cast<std::size_t>(reason)];
  }

  /// The numbers of the frames that the sink of `stream` was given.
  const std::vector<std::uint64_t>& outputs(std::uint32_t stream = 0) { return outputs_[stream]; }

  const std::vector<Tombstone>& tombstones(std::uint32_t stream = 0) { return tombstones_[stream]; }

  [[nodiscard]] std::size_t buffers_in_use() const { return pool_->stats().in_use; }

 private:
  void build();
  NodeFactory tensor_maker();
  NodeFactory sink(std::uint32_t stream);
  void check(const Frame& frame);

  Setup setup_;
  std::unique_ptr<BufferPool> pool_;
  std::shared_ptr<NodeLedger> node_books_ = std::make_shared<NodeLedger>();
  std::shared_ptr<DeviceLedger> device_books_ = std::make_shared<DeviceLedger>();
  std::shared_ptr<TensorSpec> one_;
  std::unique_ptr<FakeDevice> device_;  // The station's backends go before it.
  VirtualGraph graph_;
  Station* station_ = nullptr;
  std::vector<std::vector<std::uint64_t>> outputs_;
  std::vector<std::vector<Tombstone>> tombstones_;
  int wrong_values_ = 0;
};

}  // namespace penstock::testing
