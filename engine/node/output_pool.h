#pragma once

#include <cstdint>

#include "engine/memory/buffer_pool.h"
#include "engine/node/node.h"

namespace penstock {

/// What devices that do not end their jobs may keep beside the frames in the graph: more requests
/// than a model has in flight on one. Costs nothing where none does, since a pool grows when it
/// must.
inline constexpr std::uint32_t kKeptByDevices = 64;

/// Returns the pool of what a node makes: room for every frame that can be alive behind it.
inline BufferPool::Options output_pool(const NodeContext& context) {
  BufferPool::Options pool;
  pool.name = context.name;
  pool.max_slots = context.max_frames + kKeptByDevices;
  return pool;
}

}  // namespace penstock
