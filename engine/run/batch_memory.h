#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/base/result.h"
#include "engine/memory/buffer_pool.h"
#include "engine/tensor/feature_map.h"

namespace penstock {

/// The memory of one model's inferences: for what they give, and for the inputs of those that take
/// several frames at once.
///
/// Shapes: as `BatchShapes` lays an inference out.
/// Ownership: what is leased goes back when the last map that refers to it does.
/// Thread-safety: one thread; leases may end on any.
/// Cost: a lock a tensor; no allocation once as much is leased as ever is at once.
class BatchMemory {
 public:
  using Specs = std::span<const std::shared_ptr<const TensorSpec>>;

  /// How many leases of one tensor there are at once, at most.
  struct Bounds {
    std::size_t inputs = 1;
    std::size_t outputs = 1;
  };

  BatchMemory() = default;

  /// `owner` is named in messages. Errors: of `BufferPool::create`.
  static Result<BatchMemory> create(const std::string& owner,
                                    Specs inputs,
                                    Specs outputs,
                                    Bounds bounds);

  /// Copies the tensors of `frames` behind one another, by input, into `inputs`.
  /// Errors: as `lease_outputs`, naming the input. Pre: each frame's tensors have their
  /// share of `shapes`.
  Status gather(std::span<const std::span<const FeatureMap>> frames,
                std::span<const Shape> shapes,
                std::vector<FeatureMap>& inputs);

  /// Leases memory for what an inference gives. Errors: `kUnavailable` without memory,
  /// `kInvalidArgument` for a shape that is not the model's, naming the output.
  Status lease_outputs(std::span<const Shape> shapes, std::vector<FeatureMap>& outputs);

 private:
  struct Port {
    std::shared_ptr<const TensorSpec> spec;
    std::size_t bytes = 0;  // Of the spec's own shape; 0: open.
    BufferPool pool;
  };

  /// Adds memory for `shape` to `maps`.
  static Status lease(Port& port,
                      const Shape& shape,
                      const char* what,
                      std::vector<FeatureMap>& maps);
  static Result<std::vector<Port>> make_ports(const std::string& owner,
                                              Specs specs,
                                              std::size_t bound);

  std::vector<Port> inputs_;
  std::vector<Port> outputs_;
};

}  // namespace penstock
