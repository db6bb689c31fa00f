#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <utility>

#include "engine/run/run_event.h"
#include "engine/run/runnable.h"

namespace penstock {

/// A runnable that can fail and be told what to do about it.
///
/// The supervisor's orders come from another thread than the driver's, so they are left in a letter
/// box and obeyed at the next step.
class Supervised : public Runnable {
 public:
  enum class Order : std::uint8_t {
    kRestart = 1,  ///< After a failure: make the failed part anew and go on.
    kGiveUp = 2,   ///< After a failure, or at any time: end what comes as failed, finish.
    kStop = 4,     ///< A source: read no more, let what is in the graph finish.
  };

  /// The orders that were in the letter box.
  class Orders {
   public:
    explicit constexpr Orders(std::uint8_t bits) noexcept : bits_(bits) {}

    [[nodiscard]] constexpr bool has(Order which) const noexcept {
      return (bits_ & static_cast<std::uint8_t>(which)) != 0;
    }

   private:
    std::uint8_t bits_;
  };

  using Runnable::Runnable;

  /// Leaves an order and wakes the driver. Orders do not push each other out: one that means
  /// nothing to the runnable must not hide one that does.
  void order(Order wanted) noexcept {
    orders_.fetch_or(static_cast<std::uint8_t>(wanted), std::memory_order_acq_rel);
    wake();
  }

  void set_events(RunEvents* events) noexcept { events_ = events; }

 protected:
  [[nodiscard]] Orders take_orders() noexcept {
    return Orders(orders_.exchange(0, std::memory_order_acq_rel));
  }

  void post(RunEvent event) {
    event.runnable = this;
    if (events_ != nullptr) {
      events_->post(std::move(event));
    }
  }

 private:
  std::atomic<std::uint8_t> orders_{0};
  RunEvents* events_ = nullptr;
};

}  // namespace penstock
