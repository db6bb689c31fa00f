#pragma once

#include "engine/memory/buffer_pool.h"
#include "engine/node/node.h"

namespace penstock {

/// Returns the pool of what a node makes: room for every frame that can be alive behind it.
inline BufferPool::Options output_pool(const NodeContext& context) {
  BufferPool::Options pool;
  pool.name = context.name;
  pool.max_slots = context.max_frames;
  return pool;
}

}  // namespace penstock
