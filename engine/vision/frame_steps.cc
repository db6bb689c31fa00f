#include "engine/vision/frame_steps.h"

#include <algorithm>

namespace penstock {

float FrameSteps::advance(std::int64_t pts_ns) noexcept {
  const std::optional<std::int64_t> last = last_;
  last_ = pts_ns;
  if (!last.has_value() || pts_ns <= *last) {
    return 1;
  }
  // Unsigned, because stamps of both signs may lie further apart than a signed number reaches.
  const std::uint64_t wide = static_cast<std::uint64_t>(pts_ns) - static_cast<std::uint64_t>(*last);
  const auto gap = static_cast<std::int64_t>(std::min<std::uint64_t>(wide, INT64_MAX));
  gaps_[gap_count_ % kGaps] = gap;
  ++gap_count_;
  return static_cast<float>(static_cast<double>(gap) / interval());
}

double FrameSteps::interval() const noexcept {
  if (interval_ns_.has_value()) {
    return static_cast<double>(*interval_ns_);
  }
  std::array<std::int64_t, kGaps> sorted = gaps_;
  const std::size_t count = std::min(gap_count_, kGaps);
  // The lower median: of few gaps the shorter is the likelier interval, the longer has a drop in
  // it.
  const auto middle = sorted.begin() + static_cast<std::ptrdiff_t>((count - 1) / 2);
  std::nth_element(sorted.begin(), middle, sorted.begin() + static_cast<std::ptrdiff_t>(count));
  return static_cast<double>(*middle);
}

}  // namespace penstock
