#pragma once

#include <mutex>
#include <utility>
#include <vector>

namespace penstock {

/// Where a runnable finds what others have left for it since its last turn.
///
/// It has no bound of its own: what may be posted is bounded by whoever posts (a request holds one
/// of its client's slots, a batch one of the device's). Order is kept; whoever posts rings the
/// runnable afterwards.
///
/// Thread-safety: `post` from any thread; `take` by the runnable.
/// Cost: one uncontended lock; no allocation in the steady state, since the two lists swap.
template <class T>
class Inbox {
 public:
  void post(T item) {
    const std::lock_guard lock(mutex_);
    items_.push_back(std::move(item));
  }

  /// Moves everything into `into`, whose former content is dropped.
  void take(std::vector<T>& into) {
    into.clear();
    const std::lock_guard lock(mutex_);
    into.swap(items_);
  }

 private:
  std::mutex mutex_;
  std::vector<T> items_;
};

}  // namespace penstock
