#pragma once

#include <mutex>
#include <utility>
#include <vector>

#include "engine/base/doorbell.h"
#include "engine/run/inference_backend.h"

namespace penstock {

/// Where the ends of one backend's requests wait for it.
///
/// Ownership: shared by the backend and the requests that are under way.
/// Thread-safety: any thread. After `close` nothing rings and nothing is kept.
class ReplyBox {
 public:
  explicit ReplyBox(Doorbell bell) : bell_(bell) {}

  void put(InferenceDone done) {
    // The ring is made with the lock held, so that after `close` nobody is inside it.
    const std::lock_guard lock(mutex_);
    if (!closed_) {
      done_.push_back(std::move(done));
      bell_.ring();
    }
  }

  /// Moves all ends into `into`, whose former content is dropped. No allocation in the steady
  /// state, since the two lists swap.
  void take(std::vector<InferenceDone>& into) {
    into.clear();
    const std::lock_guard lock(mutex_);
    into.swap(done_);
  }

  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    done_.clear();
  }

 private:
  std::mutex mutex_;
  std::vector<InferenceDone> done_;
  Doorbell bell_;
  bool closed_ = false;
};

}  // namespace penstock
