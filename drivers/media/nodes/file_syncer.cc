#include "drivers/media/nodes/file_syncer.h"

#include <utility>

namespace penstock {

FileSyncer::FileSyncer(std::function<Status()> sync)
    : sync_(std::move(sync)),
      thread_([this] { run(); }) {}

FileSyncer::~FileSyncer() {
  {
    const std::lock_guard lock(mutex_);
    is_closing_ = true;
  }
  wanted_.notify_one();
  thread_.join();
}

void FileSyncer::request() {
  {
    const std::lock_guard lock(mutex_);
    is_requested_ = true;
  }
  wanted_.notify_one();
}

Status FileSyncer::outcome() const {
  const std::lock_guard lock(mutex_);
  return outcome_;
}

void FileSyncer::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wanted_.wait(lock, [this] { return is_requested_ || is_closing_; });
    if (is_closing_) {
      return;
    }
    is_requested_ = false;
    lock.unlock();
    Status status = sync_();
    lock.lock();
    if (outcome_.has_value()) {
      outcome_ = std::move(status);
    }
  }
}

}  // namespace penstock
