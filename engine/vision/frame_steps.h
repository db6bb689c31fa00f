#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace penstock {

/// Turns time stamps into frame intervals that passed since the frame before.
///
/// Where the interval is not given, it is the median of the last gaps: a frame dropped now and then
/// does not move it, a change of the frame rate does within a few frames.
/// Cost: O(1), no allocation.
class FrameSteps {
 public:
  explicit FrameSteps(std::optional<std::int64_t> interval_ns) noexcept
      : interval_ns_(interval_ns) {}

  /// Returns the intervals from the last frame to the one at `pts_ns`; 1 for the first frame and
  /// for a time that does not advance.
  float advance(std::int64_t pts_ns) noexcept;

  /// Starts anew with the next frame; keeps what it learned of the interval.
  void reset() noexcept { last_.reset(); }

 private:
  static constexpr std::size_t kGaps = 15;

  [[nodiscard]] double interval() const noexcept;

  std::optional<std::int64_t> interval_ns_;
  std::optional<std::int64_t> last_;
  std::array<std::int64_t, kGaps> gaps_{};  // The last ones, in a ring.
  std::size_t gap_count_ = 0;
};

}  // namespace penstock
