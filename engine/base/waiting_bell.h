#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>

#include "engine/base/clock.h"
#include "engine/base/doorbell.h"
#include "engine/base/result.h"

namespace penstock {

/// A doorbell that a thread waits on: for tools and tests, where no runner is there to be woken.
///
/// Ownership: must outlive those who ring.
/// Thread-safety: rung by any thread, waited on by one.
class WaitingBell {
 public:
  WaitingBell() = default;
  WaitingBell(const WaitingBell&) = delete;
  WaitingBell& operator=(const WaitingBell&) = delete;

  [[nodiscard]] Doorbell doorbell() {
    return {[](void* self) { static_cast<WaitingBell*>(self)->ring(); }, this};
  }

  /// Returns once it was rung since the last wait that a ring ended.
  void wait() {
    std::unique_lock lock(mutex_);
    rung_.wait(lock, [&] { return is_rung_; });
    is_rung_ = false;
  }

  /// As `wait()`. Errors: `kDeadlineExceeded`, naming `what`, after `limit`.
  Status wait(const std::string& what, Duration limit) {
    if (wait_before(std::chrono::steady_clock::now() + limit)) {
      return {};
    }
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(limit);
    return Error{Errc::kDeadlineExceeded,
                 what + " did not come within " + std::to_string(seconds.count()) + " s"};
  }

  /// Asks `is_true` at once and after each ring until it says yes; returns false after `limit`.
  template <class Condition>
  [[nodiscard]] bool wait_until(Condition is_true, Duration limit) {
    const auto end = std::chrono::steady_clock::now() + limit;
    while (!is_true()) {
      if (!wait_before(end)) {
        return false;
      }
    }
    return true;
  }

 private:
  bool wait_before(std::chrono::steady_clock::time_point end) {
    std::unique_lock lock(mutex_);
    if (!rung_.wait_until(lock, end, [&] { return is_rung_; })) {
      return false;
    }
    is_rung_ = false;
    return true;
  }

  void ring() {
    const std::lock_guard lock(mutex_);
    is_rung_ = true;
    rung_.notify_all();  // Under the lock: whoever was woken may destroy the bell.
  }

  std::mutex mutex_;
  std::condition_variable rung_;
  bool is_rung_ = false;
};

}  // namespace penstock
