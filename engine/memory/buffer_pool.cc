#include "engine/memory/buffer_pool.h"

#include <atomic>
#include <cstdlib>
#include <limits>
#include <mutex>
#include <utility>
#include <vector>

namespace penstock {

/// The part of a pool that outlives its handle while buffers are leased.
class BufferPool::Core final : public RefCounted<BufferPool::Core>, public SlotOwner {
 public:
  explicit Core(Options options) : options_(std::move(options)) {
    free_.reserve(options_.max_slots);
  }

  ~Core() {
    for (BufferSlot* slot : free_) {
      destroy(slot);
    }
  }

  std::optional<Buffer> acquire(std::size_t bytes) {
    BufferSlot* slot = take(bytes);
    if (slot == nullptr) {
      return std::nullopt;
    }
    add_reference();
    slot->length = bytes;
    return Buffer::first_lease(*slot);
  }

  void on_slot_free(BufferSlot& slot) noexcept override {
    {
      const std::lock_guard lock(mutex_);
      --stats_.in_use;
      if (capacity_of(slot) < stats_.slot_bytes) {
        --stats_.slots;
        destroy(&slot);
      } else {
        free_.push_back(&slot);  // Cannot allocate: reserved for max_slots.
      }
    }
    drop_reference();
  }

  void on_last_reference() { delete this; }

  Stats stats() const {
    const std::lock_guard lock(mutex_);
    return stats_;
  }

  const std::string& name() const noexcept { return options_.name; }

 private:
  struct OwnedSlot : BufferSlot {
    std::size_t capacity = 0;
  };

  static std::size_t capacity_of(const BufferSlot& slot) noexcept {
    return static_cast<const OwnedSlot&>(slot).capacity;
  }

  static void destroy(BufferSlot* slot) noexcept {
    std::free(slot->data);
    delete static_cast<OwnedSlot*>(slot);
  }

  BufferSlot* take(std::size_t bytes) {
    const std::lock_guard lock(mutex_);
    BufferSlot* slot = nullptr;
    if (bytes > stats_.slot_bytes) {
      if (stats_.in_use < options_.max_slots) {
        slot = replace_free_slots(bytes);
      }
    } else if (!free_.empty()) {
      slot = free_.back();
      free_.pop_back();
    } else if (stats_.slots < options_.max_slots) {
      slot = make_slot(stats_.slot_bytes);
    }
    if (slot == nullptr) {
      ++stats_.exhausted;
      return nullptr;
    }
    ++stats_.in_use;
    ++stats_.acquired;
    return slot;
  }

  /// The larger size counts from the moment that memory of it was there: one absurd request must
  /// not make every later one absurd.
  BufferSlot* replace_free_slots(std::size_t bytes) {
    BufferSlot* made = make_slot(bytes);
    if (made == nullptr) {
      return nullptr;
    }
    stats_.slots -= free_.size();
    for (BufferSlot* slot : free_) {
      destroy(slot);
    }
    free_.clear();
    stats_.slot_bytes = bytes;
    return made;
  }

  BufferSlot* make_slot(std::size_t bytes) {
    const std::size_t alignment = options_.alignment;
    if (bytes > std::numeric_limits<std::size_t>::max() - alignment) {
      return nullptr;
    }
    const std::size_t rounded = (bytes + alignment - 1) / alignment * alignment;
    void* memory = std::aligned_alloc(alignment, rounded == 0 ? alignment : rounded);
    if (memory == nullptr) {
      return nullptr;
    }
    static std::atomic<std::uint64_t> next_segment{1};
    auto* slot = new OwnedSlot;
    slot->data = static_cast<std::byte*>(memory);
    slot->capacity = bytes;
    slot->segment = next_segment.fetch_add(1, std::memory_order_relaxed);
    slot->kind = options_.kind;
    slot->owner = this;
    ++stats_.slots;
    ++stats_.allocated;
    return slot;
  }

  const Options options_;
  mutable std::mutex mutex_;
  std::vector<BufferSlot*> free_;
  Stats stats_;
};

Result<BufferPool> BufferPool::create(Options options) {
  if (options.max_slots == 0) {
    return Error{Errc::kInvalidArgument,
                 "pool '" + options.name + "': max_slots is 0, at least 1 is needed"};
  }
  if (options.alignment == 0 || (options.alignment & (options.alignment - 1)) != 0) {
    return Error{Errc::kInvalidArgument,
                 "pool '" + options.name + "': alignment " + std::to_string(options.alignment) +
                     " is not a power of two"};
  }
  if (options.kind != MemoryKind::kHost) {
    return Error{Errc::kUnsupported,
                 "pool '" + options.name + "': only host memory can be pooled here"};
  }
  if (options.alignment < 64) {
    options.alignment = 64;
  }
  auto* core = new Core(std::move(options));
  core->add_reference();
  return BufferPool(core);
}

BufferPool::BufferPool(BufferPool&& other) noexcept : core_(std::exchange(other.core_, nullptr)) {}

BufferPool& BufferPool::operator=(BufferPool&& other) noexcept {
  std::swap(core_, other.core_);
  return *this;
}

BufferPool::~BufferPool() {
  if (core_ != nullptr) {
    core_->drop_reference();
  }
}

std::optional<Buffer> BufferPool::acquire(std::size_t bytes) {
  return core_->acquire(bytes);
}

BufferPool::Stats BufferPool::stats() const {
  return core_->stats();
}

const std::string& BufferPool::name() const noexcept {
  return core_->name();
}

}  // namespace penstock
