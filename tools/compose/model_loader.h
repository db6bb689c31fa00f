#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "drivers/api/driver.h"
#include "drivers/api/driver_set.h"
#include "engine/base/result.h"
#include "engine/graph/graph_spec.h"
#include "engine/run/inference_backend.h"
#include "engine/tensor/feature_map.h"

namespace penstock {

/// The models of one graph on their devices: each is loaded once and shared by all actors that run
/// it.
///
/// Ownership: shares the drivers; models are unloaded when the loader and all stations are gone.
/// Thread-safety: `load_all` by one thread; then any.
class ModelLoader {
 public:
  struct Loaded {
    std::string model;
    std::string device;  ///< "cpu:0".
    bool simulated = false;
    bool from_cache = false;
    std::uint32_t requests = 1;
    std::vector<std::shared_ptr<const TensorSpec>> inputs;
    std::vector<std::shared_ptr<const TensorSpec>> outputs;
  };

  /// `drivers` outlives the loader.
  explicit ModelLoader(const DriverSet& drivers) : drivers_(drivers) {}

  /// Loads every model that an actor of `spec` runs; `on_loaded` is called after each. Blocks for
  /// seconds.
  /// Errors: of `DriverSet::select` and `Device::load`, naming model and device.
  Status load_all(const GraphSpec& spec, const std::function<void(const Loaded&)>& on_loaded);

  /// Returns the model that `actor` runs, on its device. Pre: loaded.
  [[nodiscard]] const Loaded& at(const ActorSpec& actor) const;

  /// Returns what makes the backend of the station `actor`. Each call of it after the first loads
  /// the model anew: the device was lost in between. The loader must outlive it.
  [[nodiscard]] BackendFactory backend_of(const ActorSpec& actor);

 private:
  struct Entry {
    ModelSpec spec;
    DeviceSpec device;
    Loaded loaded;
    std::shared_ptr<LoadedModel> model;
  };

  Status load(Entry& entry);

  const DriverSet& drivers_;
  std::map<std::string, Entry> entries_;                    // By model and device.
  std::map<std::string, std::shared_ptr<Device>> devices_;  // By identity.
  std::mutex mutex_;                                        // Of reloads.
};

}  // namespace penstock
