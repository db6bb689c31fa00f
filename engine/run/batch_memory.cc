#include "engine/run/batch_memory.h"

#include <cstring>
#include <utility>

#include "engine/base/check.h"

namespace penstock {

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
    ports.push_back({spec, spec->shape.dense_bytes(spec->type).value_or(0), std::move(made)});
  }
  return ports;
}

Status BatchMemory::lease(Port& port,
                          const Shape& shape,
                          const char* what,
                          std::vector<FeatureMap>& maps) {
  const TensorSpec& spec = *port.spec;
  std::size_t bytes = port.bytes;
  if (!(shape == spec.shape)) {
    const auto counted = shape.dense_bytes(spec.type);
    if (!counted.has_value() || !fits(shape, spec.shape)) {
      return Error{Errc::kInvalidArgument,
                   std::string(what) + " '" + spec.name + "': shape " + shape.to_string() +
                       ", the model has " + spec.shape.to_string()};
    }
    bytes = *counted;
  }
  auto buffer = port.pool.acquire(bytes);
  if (!buffer.has_value()) {
    return Error{Errc::kUnavailable, std::string("no memory for ") + what + " '" + spec.name + "'"};
  }
  FeatureMap& map = maps.emplace_back();
  map.spec = port.spec;
  map.shape = shape;
  map.buffer = std::move(*buffer);
  return {};
}

Status BatchMemory::gather(std::span<const std::span<const FeatureMap>> frames,
                           std::span<const Shape> shapes,
                           std::vector<FeatureMap>& inputs) {
  inputs.clear();
  for (std::size_t port = 0; port < inputs_.size(); ++port) {
    PENSTOCK_RETURN_IF_ERROR(lease(inputs_[port], shapes[port], "a batch of input", inputs));
    FeatureMap& gathered = inputs.back();
    const auto rows = static_cast<std::size_t>(shapes[port][0]);
    const std::size_t share = gathered.buffer.size() / rows;
    for (std::size_t i = 0; i < frames.size(); ++i) {
      std::memcpy(gathered.mutable_data() + i * share, frames[i][port].data(), share);
    }
  }
  return {};
}

Status BatchMemory::lease_outputs(std::span<const Shape> shapes, std::vector<FeatureMap>& outputs) {
  outputs.clear();
  for (std::size_t port = 0; port < outputs_.size(); ++port) {
    PENSTOCK_RETURN_IF_ERROR(lease(outputs_[port], shapes[port], "output", outputs));
  }
  return {};
}

}  // namespace penstock
