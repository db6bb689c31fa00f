#include "engine/memory/arena.h"

#include <algorithm>
#include <new>
#include <utility>

namespace penstock {
namespace {

constexpr std::size_t kAlignment = alignof(std::max_align_t);

}  // namespace

std::unique_ptr<Arena::Chunk> Arena::make_chunk(std::size_t size) {
  auto chunk = std::make_unique<Chunk>();
  chunk->memory = std::make_unique<std::byte[]>(size);
  chunk->size = size;
  return chunk;
}

void* Arena::allocate(std::size_t bytes) {
  const std::size_t rounded =
      std::max<std::size_t>((bytes + kAlignment - 1) / kAlignment * kAlignment, kAlignment);
  while (true) {
    Chunk* chunk = current_.load(std::memory_order_acquire);
    if (chunk != nullptr) {
      const std::size_t at = chunk->used.fetch_add(rounded, std::memory_order_relaxed);
      if (at + rounded <= chunk->size) {
        return chunk->memory.get() + at;
      }
    }
    const std::lock_guard lock(growth_);
    if (current_.load(std::memory_order_relaxed) == chunk) {
      const std::size_t doubled = chunk == nullptr ? kFirstChunkBytes : chunk->size * 2;
      chunks_.push_back(make_chunk(std::max(doubled, rounded)));
      current_.store(chunks_.back().get(), std::memory_order_release);
    }
  }
}

void Arena::reset() noexcept {
  // Nobody allocates meanwhile: the lock is for those who look at the capacity.
  if (chunks_.size() > 1) {
    const std::lock_guard lock(growth_);
    std::size_t total = 0;
    for (const auto& chunk : chunks_) {
      total += chunk->size;
    }
    try {
      chunks_.push_back(make_chunk(total));
    } catch (const std::bad_alloc&) {
      // Without memory the largest chunk, which is the last one, has to do.
    }
    chunks_.front() = std::move(chunks_.back());
    chunks_.resize(1);
    current_.store(chunks_.front().get(), std::memory_order_release);
  }
  if (!chunks_.empty()) {
    chunks_.front()->used.store(0, std::memory_order_relaxed);
  }
}

std::size_t Arena::capacity_bytes() const {
  const std::lock_guard lock(growth_);
  std::size_t total = 0;
  for (const auto& chunk : chunks_) {
    total += chunk->size;
  }
  return total;
}

}  // namespace penstock
