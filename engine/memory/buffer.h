#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "engine/base/ref.h"

namespace penstock {

/// What kind of memory a buffer lies in: a driver says which kinds it can use in place.
enum class MemoryKind : std::uint8_t {
  kHost = 0,    ///< Ordinary memory of this process.
  kShared = 1,  ///< A segment that other processes can map.
  kDmaBuf = 2,
  kDevice = 3,  ///< Not readable by the host.
};

/// Names a piece of memory in a way that can cross a process border.
/// Units: bytes. `generation` counts how often the slot was handed out: a stale descriptor is
/// recognised, never silently read.
struct BufferDescriptor {
  std::uint64_t segment = 0;
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
  std::uint32_t generation = 0;
  friend bool operator==(const BufferDescriptor&, const BufferDescriptor&) = default;
};

class SlotOwner;

/// The process-local record of one slot of a segment: counts its leases. Lives in the table of its
/// segment, never beside the bytes, so that the same handle works when the segment is another
/// process's memory.
struct BufferSlot {
  std::atomic<std::uint32_t> leases{0};
  std::uint32_t generation = 0;
  MemoryKind kind = MemoryKind::kHost;
  std::byte* data = nullptr;
  std::uint64_t segment = 0;
  std::uint64_t offset = 0;
  std::size_t length = 0;
  SlotOwner* owner = nullptr;
};

/// Who gets a slot back when its last lease goes: a pool, or the wrapper of foreign memory.
class SlotOwner {
 public:
  /// Called once a lease period, on whichever thread dropped the last lease.
  virtual void on_slot_free(BufferSlot& slot) noexcept = 0;

 protected:
  ~SlotOwner() = default;
};

/// A lease of a piece of memory: (segment, offset, length, generation) plus a counted claim on it.
///
/// Copying shares the bytes. The last copy to go gives the slot back to its pool, from any thread
/// and in any order; the pool's memory lives until then, whatever happened to the pool's own
/// handle. A buffer is written by its first holder only, before it is shown to anybody else.
///
/// Thread-safety: copies may be used and dropped on any thread.
/// Cost: a copy is one atomic increment; no allocation.
class Buffer {
 public:
  Buffer() = default;
  /// Takes the first lease of `slot`. For pools and wrappers only.
  static Buffer first_lease(BufferSlot& slot) noexcept;

  Buffer(const Buffer& other) noexcept : slot_(other.slot_) {
    if (slot_ != nullptr) {
      slot_->leases.fetch_add(1, std::memory_order_relaxed);
    }
  }

  Buffer(Buffer&& other) noexcept : slot_(std::exchange(other.slot_, nullptr)) {}

  Buffer& operator=(Buffer other) noexcept {
    std::swap(slot_, other.slot_);
    return *this;
  }

  ~Buffer() { reset(); }

  void reset() noexcept;

  [[nodiscard]] explicit operator bool() const noexcept { return slot_ != nullptr; }

  [[nodiscard]] std::size_t size() const noexcept { return slot_ == nullptr ? 0 : slot_->length; }

  [[nodiscard]] MemoryKind kind() const noexcept {
    return slot_ == nullptr ? MemoryKind::kHost : slot_->kind;
  }

  [[nodiscard]] const std::byte* data() const noexcept {
    return slot_ == nullptr ? nullptr : slot_->data;
  }

  /// Pre: this is the only lease, or its holder knows that nobody reads yet.
  [[nodiscard]] std::byte* mutable_data() noexcept {
    return slot_ == nullptr ? nullptr : slot_->data;
  }

  [[nodiscard]] bool is_unique() const noexcept {
    return slot_ != nullptr && slot_->leases.load(std::memory_order_acquire) == 1;
  }

  [[nodiscard]] BufferDescriptor descriptor() const noexcept;

  /// Wraps foreign memory; `release(context)` is called once when the last lease goes. One small
  /// allocation a call: for memory that a caller or a library owns, not for steady streams.
  static Buffer wrap(std::byte* data, std::size_t length, void (*release)(void*), void* context);

  /// Returns a buffer of its own on the heap, 64-byte aligned. Allocates: for set-up and tests.
  static Buffer allocate(std::size_t length);

 private:
  BufferSlot* slot_ = nullptr;
};

}  // namespace penstock
