#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>

#include "engine/base/doorbell.h"
#include "engine/base/result.h"

namespace penstock {

/// A doorbell that a tool waits on, with a limit.
///
/// Thread-safety: rung by any thread, waited on by one. Must outlive those who ring.
class WaitingBell {
 public:
  WaitingBell() = default;
  WaitingBell(const WaitingBell&) = delete;
  WaitingBell& operator=(const WaitingBell&) = delete;

  [[nodiscard]] Doorbell doorbell() {
    return {[](void* self) { static_cast<WaitingBell*>(self)->ring(); }, this};
  }

  /// Returns once it was rung since the last `wait()`.
  /// Errors: `kDeadlineExceeded`, naming `what`, after a minute.
  Status wait(const std::string& what) {
    constexpr std::chrono::seconds kLimit{60};
    std::unique_lock lock(mutex_);
    if (!rung_.wait_for(lock, kLimit, [&] { return is_rung_; })) {
      return Error{Errc::kDeadlineExceeded,
                   what + " did not come within " + std::to_string(kLimit.count()) + " s"};
    }
    is_rung_ = false;
    return {};
  }

 private:
  void ring() {
    const std::lock_guard lock(mutex_);
    is_rung_ = true;
    rung_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable rung_;
  bool is_rung_ = false;
};

}  // namespace penstock
