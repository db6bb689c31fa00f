#pragma once

#include <chrono>
#include <cstdint>

#include "engine/base/clock.h"

namespace penstock {

/// How many things a second there were of late: in the last whole window of a second or more, and
/// in the present one once that has lasted longer.
///
/// Thread-safety: one thread.
class RateMeter {
 public:
  RateMeter() = default;

  explicit RateMeter(TimePoint now) : begin_(now) {}

  void count(std::uint64_t things, TimePoint now) noexcept {
    counted_ += things;
    if (now - begin_ >= kWindow) {
      last_ = rate_until(now);
      counted_ = 0;
      begin_ = now;
    }
  }

  [[nodiscard]] double per_second(TimePoint now) const noexcept {
    return now - begin_ > kWindow ? rate_until(now) : last_;
  }

 private:
  static constexpr Duration kWindow = std::chrono::seconds(1);

  [[nodiscard]] double rate_until(TimePoint now) const noexcept {
    return static_cast<double>(counted_) / std::chrono::duration<double>(now - begin_).count();
  }

  TimePoint begin_;
  std::uint64_t counted_ = 0;
  double last_ = 0;
};

}  // namespace penstock
