#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <openvino/runtime/compiled_model.hpp>
#include <openvino/runtime/core.hpp>

#include "drivers/api/driver_adapter.h"
#include "drivers/api/model_info.h"
#include "drivers/openvino/load_options.h"
#include "engine/base/result.h"

namespace penstock::openvino {

/// What one device has done since it was opened first. Counters, any thread.
struct DeviceCounters {
  std::atomic<std::uint64_t> inferences{0};
  std::atomic<std::uint64_t> failures{0};
  std::atomic<std::uint64_t> in_flight{0};
  std::atomic<std::int64_t> busy_ns{0};  ///< Summed over requests, from start to end.
};

/// A compiled model with its description; immutable.
///
/// With buckets it is one compiled model for each: all at load, so that what does not compile is
/// said before a graph runs and no request waits for a compiler. They share the graph that was read
/// once, with its constants; what the plug-in packs anew is each one's own. `model` is then empty,
/// and the ports in `info` are open where the buckets differ.
struct Compiled {
  ov::CompiledModel model;
  ModelInfo info;
  std::vector<std::shared_ptr<const Compiled>> buckets;  ///< One each of `info.buckets`.
  std::vector<std::vector<std::byte>> padding;           ///< With buckets: one element an input.
};

/// Compiles models, each combination of file, device and options once: users of the same one share
/// it, since OpenVINO itself shares nothing between two compilations (51 MB for the second SSD).
///
/// A file that was changed is another model. A model is forgotten when its last user is gone.
///
/// Thread-safety: any thread; loads of one key wait for each other, others do not.
class CompiledStore {
 public:
  CompiledStore(std::shared_ptr<ov::Core> core, DriverHost host);

  /// Errors: as `read_model`; `kInvalidArgument` for a property that OpenVINO refuses;
  /// `kUnsupported` if the device cannot run the model.
  Result<std::shared_ptr<const Compiled>> get(const std::string& path,
                                              const DriverOptions& options,
                                              const LoadOptions& parsed,
                                              const std::string& ov_device);

 private:
  struct Entry {
    std::mutex mutex;
    std::weak_ptr<const Compiled> compiled;
  };

  std::shared_ptr<Entry> entry_of(const std::string& key);
  Result<std::shared_ptr<const Compiled>> compile(const std::string& path,
                                                  const LoadOptions& options,
                                                  const std::string& ov_device);
  /// Compiles a graph that was read, with one choice of shapes.
  Result<std::shared_ptr<const Compiled>> compile_graph(const std::shared_ptr<ov::Model>& graph,
                                                        const ShapeChoice& choice,
                                                        const LoadOptions& options,
                                                        const std::string& ov_device);
  Result<std::shared_ptr<const Compiled>> compile_buckets(const std::shared_ptr<ov::Model>& graph,
                                                          const LoadOptions& options,
                                                          const std::string& ov_device);
  /// Compiles without reading the graph first; false if the model must be read after all.
  bool compile_by_path(const std::string& path,
                       const LoadOptions& options,
                       const std::string& ov_device,
                       ov::CompiledModel* model) const;

  std::shared_ptr<ov::Core> core_;
  DriverHost host_;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Entry>> entries_;
};

}  // namespace penstock::openvino
