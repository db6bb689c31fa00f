#include "engine/memory/buffer.h"

#include <cstdlib>
#include <limits>
#include <new>

#include "engine/base/check.h"

namespace penstock {
namespace {

constexpr std::size_t kAlignment = 64;

std::uint64_t next_segment_id() noexcept {
  // The upper half marks segments that never leave the process.
  static std::atomic<std::uint64_t> next{std::uint64_t{1} << 63};
  return next.fetch_add(1, std::memory_order_relaxed);
}

/// One slot that is its own owner: foreign memory.
class WrappedSlot final : public SlotOwner {
 public:
  WrappedSlot(std::byte* data, std::size_t length, void (*release)(void*), void* context)
      : release_(release),
        context_(context) {
    slot_.data = data;
    slot_.length = length;
    slot_.segment = next_segment_id();
    slot_.owner = this;
  }

  BufferSlot& slot() noexcept { return slot_; }

  void on_slot_free(BufferSlot& /*slot*/) noexcept override {
    if (release_ != nullptr) {
      release_(context_);
    }
    delete this;
  }

 private:
  BufferSlot slot_;
  void (*release_)(void*);
  void* context_;
};

}  // namespace

Buffer Buffer::first_lease(BufferSlot& slot) noexcept {
  slot.leases.store(1, std::memory_order_relaxed);
  ++slot.generation;
  Buffer buffer;
  buffer.slot_ = &slot;
  return buffer;
}

void Buffer::reset() noexcept {
  if (BufferSlot* slot = std::exchange(slot_, nullptr); slot != nullptr) {
    // Whoever has the only lease needs no locked subtraction: nobody is left to take another.
    if (slot->leases.load(std::memory_order_acquire) == 1 ||
        slot->leases.fetch_sub(1, std::memory_order_acq_rel) == 1) {
      slot->owner->on_slot_free(*slot);
    }
  }
}

BufferDescriptor Buffer::descriptor() const noexcept {
  if (slot_ == nullptr) {
    return {};
  }
  return {slot_->segment, slot_->offset, slot_->length, slot_->generation};
}

Buffer Buffer::wrap(std::byte* data, std::size_t length, void (*release)(void*), void* context) {
  auto* owner = new WrappedSlot(data, length, release, context);
  return first_lease(owner->slot());
}

Buffer Buffer::allocate(std::size_t length) {
  PENSTOCK_CHECK(length <= std::numeric_limits<std::size_t>::max() - kAlignment) << length;
  const std::size_t rounded = (length + kAlignment - 1) / kAlignment * kAlignment;
  auto* data =
      static_cast<std::byte*>(std::aligned_alloc(kAlignment, rounded == 0 ? kAlignment : rounded));
  PENSTOCK_CHECK(data != nullptr) << "no memory for a buffer of " << length << " bytes";
  return wrap(
      data, length, [](void* memory) { std::free(memory); }, data);
}

}  // namespace penstock
