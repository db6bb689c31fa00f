#include "engine/telemetry/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace penstock {

std::size_t Histogram::class_of(std::uint64_t value) noexcept {
  if (value < kSub) {
    return static_cast<std::size_t>(value);
  }
  const auto exponent = static_cast<std::size_t>(std::bit_width(value)) - 1 - kSubBits;
  const auto sub = static_cast<std::size_t>(value >> exponent) - kSub;
  return (exponent + 1) * kSub + sub;
}

std::uint64_t Histogram::middle_of(std::size_t index) noexcept {
  if (index < kSub) {
    return index;
  }
  const std::size_t exponent = index / kSub - 1;
  const std::uint64_t low = static_cast<std::uint64_t>(kSub + index % kSub) << exponent;
  return low + ((std::uint64_t{1} << exponent) >> 1U);
}

void Histogram::record(std::uint64_t value) noexcept {
  classes_[class_of(value)].fetch_add(1, std::memory_order_relaxed);
  std::uint64_t seen = max_.load(std::memory_order_relaxed);
  while (value > seen && !max_.compare_exchange_weak(seen, value, std::memory_order_relaxed)) {
  }
}

std::uint64_t Histogram::count() const noexcept {
  std::uint64_t total = 0;
  for (const auto& one : classes_) {
    total += one.load(std::memory_order_relaxed);
  }
  return total;
}

std::uint64_t Histogram::quantile(double q) const noexcept {
  const std::uint64_t total = count();
  if (total == 0) {
    return 0;
  }
  const double wanted = std::ceil(std::clamp(q, 0.0, 1.0) * static_cast<double>(total));
  const auto rank = std::max<std::uint64_t>(1, static_cast<std::uint64_t>(wanted));
  std::uint64_t seen = 0;
  for (std::size_t index = 0; index < kClasses; ++index) {
    seen += classes_[index].load(std::memory_order_relaxed);
    if (seen >= rank) {
      return std::min(middle_of(index), max());
    }
  }
  return max();
}

}  // namespace penstock
