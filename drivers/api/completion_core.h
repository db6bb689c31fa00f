#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "drivers/plugin/penstock_driver.h"
#include "engine/base/doorbell.h"
#include "engine/memory/buffer.h"

namespace penstock::detail {

enum class SlotState : std::uint8_t {
  kFree,      ///< Reserved by nobody.
  kIdle,      ///< Reserved by a request that has nothing in flight.
  kInFlight,  ///< The driver may write it.
  kReady,     ///< Waits to be popped.
  kOrphaned,  ///< Waits to be popped, and its request is gone.
};

/// The slot of one request. `held` are the leases of the memory that the inference in flight uses.
struct CompletionSlot {
  PenstockCompletion completion{};
  CompletionCore* core = nullptr;
  CompletionSlot* next = nullptr;
  std::atomic<SlotState> state{SlotState::kFree};
  std::vector<Buffer> held;
  std::string driver;  ///< Who completes it, for messages.
  /// Set while a change of residence is in flight, which nobody but this waits for.
  std::shared_ptr<CompletionCore> keeps_core;
};

/// What a completion queue and its requests share; not for users of drivers.
class CompletionCore {
 public:
  CompletionCore(std::uint32_t slots, Doorbell doorbell);

  /// Reserves a slot; null if all are reserved or the queue is closed.
  CompletionSlot* reserve();
  /// Gives a slot back. Pre: nothing is in flight.
  void release(CompletionSlot& slot) noexcept;
  /// Makes the slot the driver's until it completes.
  void begin(CompletionSlot& slot, std::uint64_t token) noexcept;
  /// Takes a refused submit back; false if the driver completed it all the same.
  bool abandon(CompletionSlot& slot) noexcept;
  /// Returns the oldest ready slot, or null. Owner only.
  CompletionSlot* take_ready() noexcept;
  /// Makes a popped slot usable again. Owner only.
  void retire(CompletionSlot& slot) noexcept;
  /// Ends ringing; waits for a ring that is under way.
  void close() noexcept;

  [[nodiscard]] bool is_closed() const noexcept { return closed_.load(); }

  [[nodiscard]] std::uint32_t slots() const noexcept { return slot_count_; }

  [[nodiscard]] std::uint32_t reserved() const noexcept { return reserved_.load(); }

 private:
  static void on_done(void* argument);
  void deliver(CompletionSlot& slot) noexcept;
  void set_free(CompletionSlot& slot) noexcept;

  const std::uint32_t slot_count_;
  const Doorbell doorbell_;
  std::unique_ptr<CompletionSlot[]>
      slots_;  // NOLINT(modernize-avoid-c-arrays): atomics do not move
  std::mutex free_mutex_;
  std::vector<CompletionSlot*> free_;
  std::atomic<std::uint32_t> reserved_{0};
  std::atomic<CompletionSlot*> arrived_{nullptr};  // Latest first.
  CompletionSlot* ready_ = nullptr;                // Oldest first; the owner's.
  std::atomic<bool> closed_{false};
  std::atomic<std::uint32_t> ringing_{0};
};

}  // namespace penstock::detail
