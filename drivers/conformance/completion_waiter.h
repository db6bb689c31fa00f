#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>

#include "drivers/api/completion_queue.h"
#include "engine/base/doorbell.h"

namespace penstock::testing {

/// Waits for completions with a limit, woken by the queue's doorbell.
///
/// @code
///   CompletionWaiter waiter;                                  // must outlive the queue
///   auto queue = CompletionQueue::create(8, waiter.doorbell()).value();
///   const Completion completion = waiter.next(queue);        // kDeadlineExceeded after 30 s
/// @endcode
class CompletionWaiter {
 public:
  Doorbell doorbell() {
    return {[](void* self) { static_cast<CompletionWaiter*>(self)->ring(); }, this};
  }

  /// Returns the next completion; one with `kDeadlineExceeded` if none came in time.
  Completion next(CompletionQueue& queue) {
    const auto end = std::chrono::steady_clock::now() + kLimit;
    while (true) {
      if (auto completion = queue.pop(); completion.has_value()) {
        return *completion;
      }
      std::unique_lock lock(mutex_);
      if (!rang_.wait_until(lock, end, [&] { return rung_; })) {
        Completion late;
        late.code = Errc::kDeadlineExceeded;
        late.message = "no completion in time";
        return late;
      }
      rung_ = false;
    }
  }

 private:
  static constexpr std::chrono::seconds kLimit{30};

  void ring() {
    const std::lock_guard lock(mutex_);
    rung_ = true;
    rang_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable rang_;
  bool rung_ = false;
};

}  // namespace penstock::testing
