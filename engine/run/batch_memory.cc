#include "engine/run/batch_memory.h"

#include <cstring>
#include <utility>

#include "engine/base/check.h"

namespace penstock {
namespace {

Result<FeatureMap> lease(BufferPool& pool,
                         const std::shared_ptr<const TensorSpec>& spec,
                         const Shape& shape,
                         const char* what) {
  const auto bytes = shape.dense_bytes(spec->type);
  PENSTOCK_CHECK(bytes.has_value()) << what << " '" << spec->name << "': " << shape.to_string();
  auto buffer = pool.acquire(*bytes);
  if (!buffer.has_value()) {
    return Error{Errc::kUnavailable,
                 std::string("no memory for ") + what + " '" + spec->name + "'"};
  }
  return make_feature_map(spec, shape, std::move(*buffer));
}

}  // namespace

Result<BatchMemory> BatchMemory::create(const std::string& owner,
                                        Specs inputs,
                                        Specs outputs,
                                        Bounds bounds) {
  BatchMemory memory;
  PENSTOCK_ASSIGN_OR_RETURN(memory.inputs_, make_ports(owner, inputs, bounds.inputs));
  PENSTOCK_ASSIGN_OR_RETURN(memory.outputs_, make_ports(owner, outputs, bounds.outputs));
  return memory;
}

Result<std::vector<BatchMemory::Port>> BatchMemory::make_ports(const std::string& owner,
                                                               Specs specs,
                                                               std::size_t bound) {
  std::vector<Port> ports;
  for (const auto& spec : specs) {
    BufferPool::Options pool;
    pool.name = owner + "." + spec->name;
    pool.max_slots = bound;
    PENSTOCK_ASSIGN_OR_RETURN(BufferPool made, BufferPool::create(std::move(pool)));
    ports.push_back({spec, std::move(made)});
  }
  return ports;
}

Status BatchMemory::gather(std::span<const std::span<const FeatureMap>> frames,
                           std::span<const Shape> shapes,
                           std::vector<FeatureMap>& inputs) {
  inputs.clear();
  for (std::size_t port = 0; port < inputs_.size(); ++port) {
    PENSTOCK_ASSIGN_OR_RETURN(
        FeatureMap gathered,
        lease(inputs_[port].pool, inputs_[port].spec, shapes[port], "a batch of input"));
    const auto rows = static_cast<std::size_t>(shapes[port][0]);
    const std::size_t share = gathered.buffer.size() / rows;
    for (std::size_t i = 0; i < frames.size(); ++i) {
      std::memcpy(gathered.mutable_data() + i * share, frames[i][port].data(), share);
    }
    inputs.push_back(std::move(gathered));
  }
  return {};
}

Status BatchMemory::lease_outputs(std::span<const Shape> shapes, std::vector<FeatureMap>& outputs) {
  outputs.clear();
  for (std::size_t port = 0; port < outputs_.size(); ++port) {
    PENSTOCK_ASSIGN_OR_RETURN(
        FeatureMap map, lease(outputs_[port].pool, outputs_[port].spec, shapes[port], "output"));
    outputs.push_back(std::move(map));
  }
  return {};
}

}  // namespace penstock
