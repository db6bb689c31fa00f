#pragma once

#include <chrono>
#include <cstdint>

#include "engine/base/clock.h"
#include "engine/frame/frame.h"

namespace penstock {

/// Says when frames were taken, in wall time: what their source says, or else when they were read,
/// counted from one reading of the machine's calendar.
/// Units: nanoseconds since the Unix epoch.
class WallTime {
 public:
  WallTime() = default;

  /// `wall_ns` is what the calendar says at `at`.
  WallTime(TimePoint at, std::int64_t wall_ns) : at_(at), wall_ns_(wall_ns) {}

  /// Reads the machine's calendar.
  static WallTime read(const Clock& clock) {
    const auto wall = std::chrono::system_clock::now().time_since_epoch();
    return {clock.now(), std::chrono::duration_cast<std::chrono::nanoseconds>(wall).count()};
  }

  [[nodiscard]] std::int64_t of(const Frame& frame) const noexcept {
    const std::int64_t said = frame.time().wall_ns;
    return said != 0 ? said : wall_ns_ + (frame.admitted_at() - at_).count();
  }

 private:
  TimePoint at_;
  std::int64_t wall_ns_ = 0;
};

}  // namespace penstock
