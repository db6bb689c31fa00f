#pragma once

#include <algorithm>
#include <cstdint>

#include "engine/base/clock.h"

namespace penstock {

/// Counts failures in a row and says when to try again: after `first`, twice that, ... `most`.
/// States: open -> waiting (until `retry_at`) -> open; given up after `tries`, until `forgive`.
class Backoff {
 public:
  Backoff(Duration first, Duration most, std::uint32_t tries)
      : first_(first),
        most_(most),
        tries_(tries) {}

  /// Returns whether this was one failure too many.
  bool fail(TimePoint now) noexcept {
    ++failures_;
    wait_anew(now);
    return is_given_up();
  }

  /// Counts the wait of the last failure from now on.
  void wait_anew(TimePoint now) noexcept {
    Duration wait = first_;
    for (std::uint32_t i = 1; i < failures_ && wait < most_; ++i) {
      wait *= 2;
    }
    retry_at_ = now + std::min(wait, most_);
  }

  void forgive() noexcept {
    failures_ = 0;
    retry_at_ = TimePoint{};
  }

  [[nodiscard]] bool is_given_up() const noexcept { return failures_ >= tries_; }

  [[nodiscard]] bool is_waiting(TimePoint now) const noexcept {
    return failures_ > 0 && now < retry_at_;
  }

  [[nodiscard]] std::uint32_t failures() const noexcept { return failures_; }

  [[nodiscard]] TimePoint retry_at() const noexcept { return retry_at_; }

 private:
  Duration first_;
  Duration most_;
  std::uint32_t tries_;
  std::uint32_t failures_ = 0;
  TimePoint retry_at_;
};

}  // namespace penstock
