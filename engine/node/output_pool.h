#pragma once

#include <cstdint>

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

/// What devices that do not end their jobs may keep beside the frames in the graph: more requests
/// than a model has in flight on one.
inline constexpr std::uint32_t kKeptByDevices = 64;

/// As `output_pool`, of what goes to devices: with room for what these may keep. It costs nothing
/// where none does, since a pool grows when it must.
inline BufferPool::Options model_input_pool(const NodeContext& context) {
  BufferPool::Options pool = output_pool(context);
  pool.max_slots += kKeptByDevices;
  return pool;
}

}  // namespace penstock
