#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "engine/base/result.h"
#include "engine/memory/buffer.h"

namespace penstock {

/// Recycles buffers of one size for one edge of a graph.
///
/// A pool never makes anybody wait: places bound the frames that are in the graph, and the plan
/// gives each pool one slot for every frame that can hold one. Slots are made when first needed, up
/// to `max_slots`; in the steady state nothing is allocated. The last one returned is the first
/// handed out, because its bytes are still in the cache.
///
/// Ownership: a handle; the memory lives until the handle *and* all leases are gone, in any order.
/// Thread-safety: everything from any thread.
/// Cost: one uncontended lock a call; an allocation only while the pool grows.
class BufferPool {
 public:
  struct Options {
    std::string name;            ///< For messages: the edge it belongs to.
    std::size_t max_slots = 16;  ///< Bound; at least 1.
    std::size_t alignment =
        64;  ///< Of each slot's first byte; a power of two, at least 64 is used.
    MemoryKind kind = MemoryKind::kHost;
  };

  struct Stats {
    std::size_t slots = 0;   ///< Made and alive.
    std::size_t in_use = 0;  ///< Leased now.
    std::size_t slot_bytes = 0;
    std::uint64_t acquired = 0;   ///< In all.
    std::uint64_t exhausted = 0;  ///< Refusals because every slot was leased.
    std::uint64_t allocated = 0;  ///< Times that memory was allocated.
  };

  /// Errors: `kInvalidArgument` for no slots or a bad alignment; `kUnsupported` for a kind of
  /// memory that this pool cannot make (host memory only).
  static Result<BufferPool> create(Options options);

  BufferPool(BufferPool&&) noexcept;
  BufferPool& operator=(BufferPool&&) noexcept;
  ~BufferPool();

  /// Leases a buffer of at least `bytes` bytes, whose `size()` is `bytes`; nothing if all
  /// `max_slots` are leased or the machine has no memory. A larger size than ever before replaces
  /// the free slots by larger ones.
  [[nodiscard]] std::optional<Buffer> acquire(std::size_t bytes);

  [[nodiscard]] Stats stats() const;
  [[nodiscard]] const std::string& name() const noexcept;

 private:
  class Core;

  explicit BufferPool(Core* core) noexcept : core_(core) {}

  Core* core_ = nullptr;  // Counts its own references: one of the handle, one a lease.
};

}  // namespace penstock
