#include "drivers/media/av/rising_times.h"

namespace penstock {
namespace {

constexpr std::int64_t kHiccupNs = 1'000'000'000;
constexpr std::int64_t kSmallestStepNs = 1'000;

}  // namespace

std::int64_t RisingTimes::next(std::optional<std::int64_t> time_ns) noexcept {
  if (!last_ns_.has_value()) {
    last_ns_ = time_ns.value_or(0);
    restamped_ += time_ns.has_value() ? 0 : 1;
    return *last_ns_;
  }
  if (!time_ns.has_value()) {
    ++restamped_;
    *last_ns_ += frame_ns_;
    return *last_ns_;
  }
  const std::int64_t shifted = *time_ns + shift_ns_;
  if (shifted > *last_ns_) {
    last_ns_ = shifted;
  } else if (*last_ns_ - shifted < kHiccupNs) {
    ++restamped_;
    *last_ns_ += kSmallestStepNs;
  } else {
    ++restamped_;
    ++clock_restarts_;
    *last_ns_ += frame_ns_;
    shift_ns_ += *last_ns_ - shifted;
  }
  return *last_ns_;
}

}  // namespace penstock
