#include "engine/flow/inflight_window.h"

#include <memory>
#include <mutex>
#include <string>

namespace penstock {

Result<InflightWindow> InflightWindow::create(std::uint32_t capacity) {
  if (capacity == 0 || capacity > kMaxCapacity) {
    return Error{Errc::kInvalidArgument,
                 "in-flight window: capacity " + std::to_string(capacity) + ", allowed are 1 to " +
                     std::to_string(kMaxCapacity)};
  }
  auto core = std::make_unique<Core>();
  core->capacity = capacity;
  return InflightWindow(core.release());
}

InflightWindow::~InflightWindow() {
  let_go();
}

InflightWindow& InflightWindow::operator=(InflightWindow&& other) noexcept {
  if (this != &other) {
    let_go();
    core_ = std::exchange(other.core_, nullptr);
  }
  return *this;
}

void InflightWindow::let_go() noexcept {
  if (core_ == nullptr) {
    return;
  }
  {
    const std::lock_guard lock(core_->ringing);
    core_->closed.store(true, std::memory_order_relaxed);
    core_->users.fetch_sub(kOpen, std::memory_order_acq_rel);
  }
  // Not before the lock is off: the core may go with it.
  if (core_->users.fetch_sub(1, std::memory_order_acq_rel) == 1) {
    delete core_;
  }
}

void InflightWindow::set_doorbell(Doorbell doorbell) noexcept {
  const std::lock_guard lock(core_->ringing);
  core_->doorbell = doorbell;
}

std::optional<Place> InflightWindow::admit() noexcept {
  // Only the source adds, so a load that shows room cannot be outdated by another taker.
  if (core_->closed.load(std::memory_order_relaxed) || !has_room()) {
    return std::nullopt;
  }
  core_->users.fetch_add(1, std::memory_order_acq_rel);
  return Place(core_);
}

void InflightWindow::close() noexcept {
  const std::lock_guard lock(core_->ringing);
  core_->closed.store(true, std::memory_order_relaxed);
}

void InflightWindow::Core::take_back() noexcept {
  const std::uint32_t full = kHandle + capacity;
  std::uint32_t seen = users.load(std::memory_order_relaxed);
  do {
    if (seen == full && leave_full()) {
      return;
    }
  } while (!users.compare_exchange_weak(
      seen, seen - 1, std::memory_order_acq_rel, std::memory_order_relaxed));
  if (seen == 1) {
    delete this;
  }
}

bool InflightWindow::Core::leave_full() {
  const std::lock_guard lock(ringing);
  if ((users.load(std::memory_order_relaxed) & kOpen) == 0) {
    return false;
  }
  // The handle waits for this lock before it goes, so the core is there until it is off.
  if (users.fetch_sub(1, std::memory_order_acq_rel) == kHandle + capacity &&
      !closed.load(std::memory_order_relaxed)) {
    doorbell.ring();
  }
  return true;
}

}  // namespace penstock
