#pragma once

#include <atomic>
#include <chrono>
#include <future>

#include <gtest/gtest.h>

namespace penstock::actors::testing {

/// Nothing in a test takes as long; one that waits for it has failed.
inline constexpr std::chrono::seconds kFarTooLong{120};

/// Lets threads wait for something to have happened.
///
/// States: shut -> open (once; opening it again is nothing).
/// Thread-safety: from any thread.
class Gate {
 public:
  void open() {
    if (!opened_.exchange(true)) {
      promise_.set_value();
    }
  }

  /// Waits until it is open; the test fails where that takes far too long.
  void wait() const { EXPECT_TRUE(opens()) << "nobody opened the gate"; }

  /// Waits likewise. Returns whether it was opened in time.
  [[nodiscard]] bool opens() const {
    return future_.wait_for(kFarTooLong) == std::future_status::ready;
  }

  [[nodiscard]] bool is_open() const { return opened_; }

 private:
  std::atomic<bool> opened_{false};
  std::promise<void> promise_;
  std::shared_future<void> future_ = promise_.get_future().share();
};

}  // namespace penstock::actors::testing
