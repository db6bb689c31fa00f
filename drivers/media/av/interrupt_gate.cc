#include "drivers/media/av/interrupt_gate.h"

#include <algorithm>
#include <chrono>

#include <unistd.h>

namespace penstock {
namespace {

std::int64_t now_ns() noexcept {
  return SteadyClock().now().time_since_epoch().count();
}

}  // namespace

void InterruptGate::arm(Duration limit) noexcept {
  deadline_ns_.store(now_ns() + limit.count(), std::memory_order_relaxed);
}

void InterruptGate::disarm() noexcept {
  deadline_ns_.store(INT64_MAX, std::memory_order_relaxed);
}

void InterruptGate::cancel() noexcept {
  const std::lock_guard lock(mutex_);
  is_cancelled_.store(true, std::memory_order_release);
  cancelled_.notify_all();
  wake();
}

void InterruptGate::wake_on_cancel(int eventfd) noexcept {
  const std::lock_guard lock(mutex_);
  eventfd_ = eventfd;
  if (is_cancelled()) {
    wake();
  }
}

void InterruptGate::wake() const noexcept {
  constexpr std::uint64_t kOne = 1;
  // It fails only where the counter is full, and then whoever waits is awake.
  [[maybe_unused]] const ssize_t written =
      eventfd_ < 0 ? 0 : ::write(eventfd_, &kOne, sizeof(kOne));
}

std::optional<Duration> InterruptGate::time_left() const noexcept {
  const std::int64_t deadline = deadline_ns_.load(std::memory_order_relaxed);
  if (deadline == INT64_MAX) {
    return std::nullopt;
  }
  return Duration(std::max<std::int64_t>(deadline - now_ns(), 0));
}

bool InterruptGate::is_cancelled() const noexcept {
  return is_cancelled_.load(std::memory_order_acquire);
}

bool InterruptGate::has_expired() const noexcept {
  const std::int64_t deadline = deadline_ns_.load(std::memory_order_relaxed);
  return deadline != INT64_MAX && now_ns() >= deadline;
}

bool InterruptGate::wait_for(Duration limit) {
  const std::int64_t deadline = deadline_ns_.load(std::memory_order_relaxed);
  const auto now = SteadyClock().now();
  const TimePoint end = std::min(now + limit, TimePoint(Duration(deadline)));
  std::unique_lock lock(mutex_);
  cancelled_.wait_until(lock, end, [this] { return is_cancelled(); });
  return is_given_up();
}

int InterruptGate::interrupt_callback(void* gate) noexcept {
  const auto* self = static_cast<const InterruptGate*>(gate);
  return self->is_given_up() ? 1 : 0;
}

}  // namespace penstock
