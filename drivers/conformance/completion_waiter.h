#pragma once

#include <chrono>
#include <optional>
#include <utility>

#include "drivers/api/completion_queue.h"
#include "engine/base/doorbell.h"
#include "engine/base/waiting_bell.h"

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
  Doorbell doorbell() { return bell_.doorbell(); }

  /// Returns the next completion; one with `kDeadlineExceeded` if none came in time.
  Completion next(CompletionQueue& queue) {
    std::optional<Completion> completion;
    const auto has_come = [&] {
      completion = queue.pop();
      return completion.has_value();
    };
    if (bell_.wait_until(has_come, kLimit)) {
      return *std::move(completion);
    }
    Completion late;
    late.code = Errc::kDeadlineExceeded;
    late.message = "no completion in time";
    return late;
  }

 private:
  static constexpr std::chrono::seconds kLimit{30};

  WaitingBell bell_;
};

}  // namespace penstock::testing
