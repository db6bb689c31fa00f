#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "engine/base/clock.h"
#include "engine/tensor/feature_map.h"
#include "engine/tensor/shape_bucket.h"

namespace penstock {

/// Options of a driver or of a load, as the graph's text gives them. Ordered, so that equal sets
/// have one form and can be the key of a shared model.
using DriverOptions = std::map<std::string, std::string>;

/// How many requests of a model there can be on a device at once: places of a completion queue.
inline constexpr std::uint32_t kMaxRequests = 4096;

/// The memory that a port uses in place; what is of another kind is refused, what is less aligned
/// is used more slowly.
/// Units: `kinds` is a bit mask of `1 << MemoryKind`; `alignment` in bytes, a power of two.
struct PortMemory {
  std::uint32_t kinds = 1U << static_cast<unsigned>(MemoryKind::kHost);
  std::uint32_t alignment = 1;
  friend bool operator==(const PortMemory&, const PortMemory&) = default;
};

/// One set of sub-devices on which a loaded model can be resident, and what it costs there.
/// Units: bytes; times are the driver's estimates, 0 where it does not know.
struct ModelPlacement {
  std::uint64_t sub_devices = 0;   ///< A `SubDeviceMask`.
  std::uint32_t depth = 1;         ///< Inferences in flight that keep it busy.
  std::uint64_t memory_bytes = 0;  ///< On each of them.
  std::uint64_t shared_bytes = 0;  ///< Of the memory that all share.
  Duration activation_time{0};
  Duration service_time{0};  ///< Between two completions when busy.
  friend bool operator==(const ModelPlacement&, const ModelPlacement&) = default;
};

/// What a model takes, gives and wants. Tensors are bound to ports by position.
struct ModelInfo {
  std::vector<TensorSpec> inputs;
  std::vector<TensorSpec> outputs;
  std::vector<PortMemory> input_memory;   ///< One an input.
  std::vector<PortMemory> output_memory;  ///< One an output.
  std::uint32_t preferred_requests = 1;   ///< That many in flight keep the device busy.
  std::uint32_t max_requests = 0;         ///< 0: no limit.
  std::uint32_t min_batch = 1;            ///< Range of the first extent; both 1: no batch.
  std::uint32_t max_batch = 1;            ///< 0: no limit.
  bool loaded_from_cache = false;
  bool needs_activation = false;           ///< Runs only where `Activation` made it resident.
  std::string mode;                        ///< "single"; "" where the device has no modes.
  std::vector<ModelPlacement> placements;  ///< None: resident on the whole device.
  std::vector<ShapeBucket> buckets;        ///< None: one shape, or any that the ports allow.
  std::map<std::string, std::string> properties;  ///< What is really in force.
  friend bool operator==(const ModelInfo&, const ModelInfo&) = default;
};

}  // namespace penstock
