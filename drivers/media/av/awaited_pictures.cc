#include "drivers/media/av/awaited_pictures.h"

#include <algorithm>

namespace penstock {

void AwaitedPictures::sent(std::optional<std::int64_t> time) {
  last_sent_.reset();
  if (!time.has_value() || (last_shown_.has_value() && *time <= *last_shown_)) {
    return;
  }
  const auto place = std::lower_bound(awaited_.begin(), awaited_.end(), *time);
  if (place != awaited_.end() && *place == *time) {
    return;
  }
  awaited_.insert(place, *time);
  last_sent_ = time;
  if (awaited_.size() > kMostHeldBack) {
    give_up(1);
  }
}

void AwaitedPictures::failed() noexcept {
  has_failed_ = true;
  if (last_sent_.has_value()) {
    awaited_.erase(std::remove(awaited_.begin(), awaited_.end(), *last_sent_), awaited_.end());
    last_sent_.reset();
  }
}

void AwaitedPictures::shown(std::int64_t time) {
  const auto place = std::lower_bound(awaited_.begin(), awaited_.end(), time);
  const bool is_awaited = place != awaited_.end() && *place == time;
  give_up(static_cast<std::size_t>(place - awaited_.begin()));
  if (is_awaited) {
    awaited_.erase(awaited_.begin());
  }
  last_shown_ = time;
}

void AwaitedPictures::ended() noexcept {
  give_up(awaited_.size());
  forget();
  last_shown_.reset();
  has_failed_ = false;
}

void AwaitedPictures::forget() noexcept {
  awaited_.clear();
  last_sent_.reset();
}

void AwaitedPictures::give_up(std::size_t count) noexcept {
  swallowed_ += last_shown_.has_value() || has_failed_ ? count : 0;
  awaited_.erase(awaited_.begin(), awaited_.begin() + static_cast<std::ptrdiff_t>(count));
}

}  // namespace penstock
