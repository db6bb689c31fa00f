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
    kNone = 0,
    kRestart = 1,  ///< After a failure: make the failed part anew and go on.
    kGiveUp = 2,   ///< After a failure, or at any time: end what comes as failed, finish.
    kStop = 3,     ///< A source: read no more, let what is in the graph finish.
  };

  using Runnable::Runnable;

  /// Leaves an order and wakes the driver. A stronger order replaces a weaker one.
  void order(Order wanted) noexcept {
    std::uint8_t seen = order_.load(std::memory_order_relaxed);
    const auto value = static_cast<std::uint8_t>(wanted);
    while (seen < value && !order_.compare_exchange_weak(seen, value, std::memory_order_acq_rel)) {
    }
    wake();
  }

  void set_events(RunEvents* events) noexcept { events_ = events; }

 protected:
  [[nodiscard]] Order take_order() noexcept {
    return static_cast<Order>(order_.exchange(0, std::memory_order_acq_rel));
  }

  void post(RunEvent event) {
    event.runnable = this;
    if (events_ != nullptr) {
      events_->post(std::move(event));
    }
  }

 private:
  std::atomic<std::uint8_t> order_{0};
  RunEvents* events_ = nullptr;
};

}  // namespace penstock
