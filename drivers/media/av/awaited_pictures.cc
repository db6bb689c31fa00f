#include "drivers/media/av/awaited_pictures.h"

#include <algorithm>

namespace penstock {

void AwaitedPictures::sent(std::optional<std::int64_t> time) {
  last_sent_.reset();
  const bool is_late = time.has_value() && last_shown_.has_value() && *time <= *last_shown_;
  if (!time.has_value() || is_late || is_awaited(*time)) {
    return;
  }
  awaited_.push_back(*time);
  last_sent_ = time;
  if (awaited_.size() > kMostHeldBack) {
    awaited_.pop_front();
    swallowed_ += has_failed_ ? 1 : 0;
  }
}

void AwaitedPictures::failed() noexcept {
  has_failed_ = true;
  if (last_sent_.has_value()) {
    strike(*last_sent_);
    last_sent_.reset();
  }
}

void AwaitedPictures::shown(std::int64_t time) {
  strike(time);
  last_shown_ = time;
}

void AwaitedPictures::ended() noexcept {
  swallowed_ += has_failed_ ? awaited_.size() : 0;
  forget();
  last_shown_.reset();
  has_failed_ = false;
}

void AwaitedPictures::forget() noexcept {
  awaited_.clear();
  last_sent_.reset();
}

bool AwaitedPictures::is_awaited(std::int64_t time) const noexcept {
  return std::find(awaited_.begin(), awaited_.end(), time) != awaited_.end();
}

void AwaitedPictures::strike(std::int64_t time) noexcept {
  awaited_.erase(std::remove(awaited_.begin(), awaited_.end(), time), awaited_.end());
}

}  // namespace penstock
