#include "engine/flow/inflight_window.h"

#include <mutex>
#include <string>

namespace penstock {

Result<InflightWindow> InflightWindow::create(std::uint32_t capacity) {
  if (capacity == 0 || capacity > kMaxCapacity) {
    return Error{Errc::kInvalidArgument,
                 "in-flight window: capacity " + std::to_string(capacity) + ", allowed are 1 to " +
                     std::to_string(kMaxCapacity)};
  }
  Ref<Core> core(new Core);
  core->capacity = capacity;
  return InflightWindow(std::move(core));
}

InflightWindow::~InflightWindow() {
  if (core_) {
    close();
  }
}

InflightWindow& InflightWindow::operator=(InflightWindow&& other) noexcept {
  if (this != &other) {
    if (core_) {
      close();
    }
    core_ = std::move(other.core_);
  }
  return *this;
}

void InflightWindow::set_doorbell(Doorbell doorbell) noexcept {
  const std::lock_guard lock(core_->ringing);
  core_->doorbell = doorbell;
}

std::optional<Place> InflightWindow::admit() noexcept {
  if (core_->closed.load(std::memory_order_acquire)) {
    return std::nullopt;
  }
  // Only the source adds, so a load that shows room cannot be outdated by another taker.
  if (core_->taken.load(std::memory_order_acquire) >= core_->capacity) {
    return std::nullopt;
  }
  core_->taken.fetch_add(1, std::memory_order_acq_rel);
  return Place(core_);
}

void InflightWindow::close() noexcept {
  const std::lock_guard lock(core_->ringing);
  core_->closed.store(true, std::memory_order_release);
}

void Place::give_back() noexcept {
  if (!core_) {
    return;
  }
  const std::uint32_t before = core_->taken.fetch_sub(1, std::memory_order_acq_rel);
  if (before == core_->capacity) {
    const std::lock_guard lock(core_->ringing);
    if (!core_->closed.load(std::memory_order_relaxed)) {
      core_->doorbell.ring();
    }
  }
  core_.reset();
}

}  // namespace penstock
