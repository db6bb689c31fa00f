#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <queue>
#include <utility>
#include <vector>

#include "engine/base/clock.h"

namespace penstock::testing {

/// What is to happen in virtual time, in order; what is to happen at one time happens in the order
/// in which it was asked for. Time begins an hour after the epoch.
///
/// Thread-safety: one thread.
class Timeline {
 public:
  [[nodiscard]] TimePoint now() const noexcept { return now_; }

  /// Does something at a time; at once, in its turn, if that has passed.
  void at(TimePoint when, std::function<void()> action) {
    actions_.push({std::max(when, now_), next_order_++, std::move(action)});
  }

  /// Returns when something happens next; nothing if nothing is left to happen.
  [[nodiscard]] std::optional<TimePoint> next() const {
    return actions_.empty() ? std::nullopt : std::optional(actions_.top().when);
  }

  /// Goes to the next thing that happens, and does it. Pre: there is one.
  void run_next() {
    const Timed next = actions_.top();
    actions_.pop();
    advance_to(next.when);
    next.action();
  }

  /// Goes on to `when`, never back, and does nothing.
  void advance_to(TimePoint when) { now_ = std::max(now_, when); }

 private:
  struct Timed {
    TimePoint when;
    std::uint64_t order = 0;
    std::function<void()> action;

    bool operator>(const Timed& other) const {
      return when != other.when ? when > other.when : order > other.order;
    }
  };

  TimePoint now_{std::chrono::hours(1)};
  std::priority_queue<Timed, std::vector<Timed>, std::greater<>> actions_;
  std::uint64_t next_order_ = 0;
};

}  // namespace penstock::testing
