#pragma once

#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "engine/base/doorbell.h"
#include "engine/device/job_maps.h"
#include "engine/run/inference_backend.h"

namespace penstock {

/// Where the ends of one backend's requests wait for it, and the sets of maps that it can use
/// again.
///
/// Ownership: shared by the backend and the requests that are under way.
/// Thread-safety: any thread. After `close` nothing rings and nothing is kept.
class ReplyBox {
 public:
  explicit ReplyBox(Doorbell bell) : bell_(bell) {}

  /// `maps`, unless null, are empty.
  void put(InferenceDone done, std::shared_ptr<JobMaps> maps) {
    // The ring is made with the lock held, so that after `close` nobody is inside it.
    const std::lock_guard lock(mutex_);
    if (!closed_) {
      done_.push_back(std::move(done));
      if (maps != nullptr) {
        spare_.push_back(std::move(maps));
      }
      bell_.ring();
    }
  }

  [[nodiscard]] std::optional<InferenceDone> take() {
    const std::lock_guard lock(mutex_);
    if (done_.empty()) {
      return std::nullopt;
    }
    InferenceDone done = std::move(done_.front());
    done_.pop_front();
    return done;
  }

  /// Returns an empty set of maps. Allocates until there are as many as are under way at once.
  [[nodiscard]] std::shared_ptr<JobMaps> take_maps() {
    const std::lock_guard lock(mutex_);
    if (spare_.empty()) {
      return std::make_shared<JobMaps>();
    }
    std::shared_ptr<JobMaps> maps = std::move(spare_.back());
    spare_.pop_back();
    return maps;
  }

  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    done_.clear();
  }

 private:
  std::mutex mutex_;
  std::deque<InferenceDone> done_;
  std::vector<std::shared_ptr<JobMaps>> spare_;
  Doorbell bell_;
  bool closed_ = false;
};

}  // namespace penstock
