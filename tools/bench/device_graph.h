#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "actors/running_graph.h"
#include "actors/running_pool.h"
#include "actors/workers.h"
#include "drivers/claims/claim_folder.h"
#include "engine/base/clock.h"
#include "engine/base/result.h"
#include "engine/device/device_pool.h"
#include "engine/graph/graph_spec.h"
#include "engine/memory/buffer_pool.h"
#include "tools/bench/frame_gate.h"
#include "tools/compose/model_loader.h"

namespace penstock {

/// One model on one device, kept busy: a source that gives prepared inputs, the model's station and
/// a sink, over a pool of devices, on the actors of a program. So it is what a graph of `penstock
/// run` does to that device, and nothing else.
///
/// The inputs are random and the same in every run. Frames come as `gate()` allows them.
/// Ownership: the words' drivers are shared. Thread-safety: as its parts.
class DeviceGraph {
 public:
  struct Words {
    DeviceSpec device;
    ModelSpec model;  ///< Its device is filled in.
    ModelLoader::Select select;
    std::shared_ptr<const ClaimFolder> claims;  ///< Null: claims are not shared.
    bool quiet = true;                          ///< Nothing is printed but errors.
    std::optional<std::uint32_t> queue = {};    ///< Of the edges; as graphs have it without.
  };

  /// Opens the device, loads the model and starts the graph; `workers` and `clock` outlive it. May
  /// block for seconds. Errors: of `ModelLoader::load_all`; `kUnsupported` for an input whose size
  /// only frames know.
  static Result<std::unique_ptr<DeviceGraph>> start(Words words,
                                                    actors::Workers& workers,
                                                    const Clock& clock);
  DeviceGraph(const DeviceGraph&) = delete;
  DeviceGraph& operator=(const DeviceGraph&) = delete;
  ~DeviceGraph() = default;

  [[nodiscard]] const ModelLoader::Loaded& loaded() const noexcept { return loaded_; }

  [[nodiscard]] FrameGate& gate() noexcept { return gate_; }

  [[nodiscard]] actors::RunningGraph& graph() noexcept { return *graph_; }

  [[nodiscard]] PoolStatus pool_status() const { return pool_->pool().status(); }

 private:
  DeviceGraph() = default;

  Result<BackendFactory> load(Words& words, DevicePool& pool);
  Status make_inputs(std::uint32_t batch);

  FrameGate gate_;
  ModelLoader::Loaded loaded_;
  std::vector<BufferPool> input_pools_;
  std::vector<std::vector<FeatureMap>> inputs_;  // What a frame carries, in turn.
  std::unique_ptr<actors::RunningPool> pool_;
  std::unique_ptr<actors::RunningGraph> graph_;  // Goes first.
};

}  // namespace penstock
