#pragma once

#include <cstdint>
#include <optional>

namespace penstock {

/// Turns the times that a stream carries into times that always rise.
///
/// Cameras repeat, lose and restart their time stamps; everything behind the source may count on a
/// frame being later than the one before it.
/// - A missing time is one frame after the last.
/// - A time that does not rise, but by less than a second, is the last plus a microsecond: a
/// hiccup,
///   the stream's clock stays.
/// - A time that falls by a second or more means that the clock restarted: this frame is one frame
///   after the last, and all later ones keep their distance to it.
///
/// Units: nanoseconds from the start of the stream.
/// Thread-safety: one thread at a time.
class RisingTimes {
 public:
  /// `frame_ns`: the usual distance of two frames; positive.
  explicit RisingTimes(std::int64_t frame_ns) noexcept : frame_ns_(frame_ns) {}

  std::int64_t next(std::optional<std::int64_t> time_ns) noexcept;

  /// Times that were missing or did not rise.
  [[nodiscard]] std::uint64_t restamped() const noexcept { return restamped_; }

  /// Restarts of the stream's clock.
  [[nodiscard]] std::uint64_t clock_restarts() const noexcept { return clock_restarts_; }

 private:
  std::int64_t frame_ns_;
  std::int64_t shift_ns_ = 0;
  std::optional<std::int64_t> last_ns_;
  std::uint64_t restamped_ = 0;
  std::uint64_t clock_restarts_ = 0;
};

}  // namespace penstock
