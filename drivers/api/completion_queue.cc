#include "drivers/api/completion_queue.h"

#include <string>
#include <thread>
#include <utility>

#include "drivers/api/abi_convert.h"
#include "drivers/api/completion_core.h"

namespace penstock {
namespace detail {

CompletionCore::CompletionCore(std::uint32_t slots, Doorbell doorbell)
    : slot_count_(slots),
      doorbell_(doorbell),
      slots_(new CompletionSlot[slots]) {
  free_.reserve(slots);
  for (std::uint32_t i = slots; i > 0; --i) {
    CompletionSlot& slot = slots_[i - 1];
    slot.core = this;
    slot.completion.size = sizeof(PenstockCompletion);
    slot.completion.done = &CompletionCore::on_done;
    slot.completion.done_argument = &slot;
    free_.push_back(&slot);
  }
}

CompletionSlot* CompletionCore::reserve() {
  const std::lock_guard lock(free_mutex_);
  if (free_.empty() || is_closed()) {
    return nullptr;
  }
  CompletionSlot* slot = free_.back();
  free_.pop_back();
  slot->state.store(SlotState::kIdle);
  reserved_.fetch_add(1);
  return slot;
}

void CompletionCore::release(CompletionSlot& slot) noexcept {
  SlotState ready = SlotState::kReady;
  if (!slot.state.compare_exchange_strong(ready, SlotState::kOrphaned)) {
    set_free(slot);
  }
}

void CompletionCore::set_free(CompletionSlot& slot) noexcept {
  slot.held.clear();
  slot.state.store(SlotState::kFree);
  const std::lock_guard lock(free_mutex_);
  free_.push_back(&slot);  // Never grows: room for all was reserved.
  reserved_.fetch_sub(1);
}

void CompletionCore::begin(CompletionSlot& slot, std::uint64_t token) noexcept {
  slot.completion.code = PENSTOCK_INTERNAL;
  slot.completion.token = token;
  slot.completion.device_ns = 0;
  slot.completion.message[0] = '\0';
  slot.state.store(SlotState::kInFlight);
}

bool CompletionCore::abandon(CompletionSlot& slot) noexcept {
  SlotState in_flight = SlotState::kInFlight;
  if (!slot.state.compare_exchange_strong(in_flight, SlotState::kIdle)) {
    return false;
  }
  slot.held.clear();
  slot.keeps_core.reset();
  return true;
}

void CompletionCore::on_done(void* argument) {
  auto* slot = static_cast<CompletionSlot*>(argument);
  slot->core->deliver(*slot);
}

void CompletionCore::deliver(CompletionSlot& slot) noexcept {
  // A driver that reports twice must not push a slot twice: that would make a ring of the list.
  SlotState in_flight = SlotState::kInFlight;
  if (!slot.state.compare_exchange_strong(in_flight, SlotState::kReady)) {
    return;
  }
  const std::shared_ptr<CompletionCore> kept = std::move(slot.keeps_core);
  if (kept != nullptr) {
    slot.state.notify_all();
  }
  // Announced before the push: once pushed, the slot may be popped and its request destroyed, but
  // not this core, whose owner waits in close() for whoever is announced.
  ringing_.fetch_add(1);
  CompletionSlot* head = arrived_.load(std::memory_order_relaxed);
  do {
    slot.next = head;
  } while (!arrived_.compare_exchange_weak(
      head, &slot, std::memory_order_release, std::memory_order_relaxed));
  if (head == nullptr && !is_closed()) {
    doorbell_.ring();
  }
  ringing_.fetch_sub(1);
}

CompletionSlot* CompletionCore::take_ready() noexcept {
  if (ready_ == nullptr) {
    CompletionSlot* latest = arrived_.exchange(nullptr, std::memory_order_acquire);
    while (latest != nullptr) {
      CompletionSlot* earlier = latest->next;
      latest->next = ready_;
      ready_ = latest;
      latest = earlier;
    }
  }
  CompletionSlot* oldest = ready_;
  if (oldest != nullptr) {
    ready_ = oldest->next;
    oldest->next = nullptr;
  }
  return oldest;
}

void CompletionCore::retire(CompletionSlot& slot) noexcept {
  slot.held.clear();
  SlotState ready = SlotState::kReady;
  if (!slot.state.compare_exchange_strong(ready, SlotState::kIdle)) {
    set_free(slot);  // Orphaned.
  }
}

void CompletionCore::close() noexcept {
  closed_.store(true);
  while (ringing_.load() != 0) {
    std::this_thread::yield();
  }
}

}  // namespace detail

Result<CompletionQueue> CompletionQueue::create(std::uint32_t slots, Doorbell doorbell) {
  if (slots == 0 || slots > kMaxSlots) {
    return Error{Errc::kInvalidArgument,
                 "completion queue with " + std::to_string(slots) + " slots: must be 1 to " +
                     std::to_string(kMaxSlots)};
  }
  return CompletionQueue(std::make_shared<detail::CompletionCore>(slots, doorbell));
}

CompletionQueue::CompletionQueue(std::shared_ptr<detail::CompletionCore> core)
    : core_(std::move(core)) {}

CompletionQueue& CompletionQueue::operator=(CompletionQueue&& other) noexcept {
  if (core_ != nullptr && core_ != other.core_) {
    core_->close();
  }
  core_ = std::move(other.core_);
  return *this;
}

CompletionQueue::~CompletionQueue() {
  if (core_ != nullptr) {
    core_->close();
  }
}

std::optional<Completion> CompletionQueue::pop() {
  detail::CompletionSlot* slot = core_->take_ready();
  if (slot == nullptr) {
    return std::nullopt;
  }
  Completion completion;
  completion.token = slot->completion.token;
  completion.code = abi::errc_from(slot->completion.code);
  completion.device_time = Duration(slot->completion.device_ns);
  if (completion.code != Errc::kOk) {
    slot->completion.message[sizeof(slot->completion.message) - 1] = '\0';
    completion.message = abi::shown_text(slot->completion.message);
    if (completion.message.empty()) {
      completion.message = abi::no_reason(slot->completion.code, slot->driver);
    }
  }
  core_->retire(*slot);
  return completion;
}

std::uint32_t CompletionQueue::slots() const noexcept {
  return core_->slots();
}

std::uint32_t CompletionQueue::reserved() const noexcept {
  return core_->reserved();
}

}  // namespace penstock
