#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "engine/base/clock.h"

namespace penstock::sim {

/// Sums what happened in the last second, in eight parts: utilisation and rates for people.
class RateWindow {
 public:
  void add(TimePoint now, double amount) noexcept {
    const std::int64_t part = part_of(now);
    Part& slot = parts_[static_cast<std::size_t>(part) % kParts];
    if (slot.number != part) {
      slot = {part, 0};
    }
    slot.amount += amount;
  }

  /// Returns the sum per second over the last full parts and the running one.
  [[nodiscard]] double per_second(TimePoint now) const noexcept {
    const std::int64_t part = part_of(now);
    double sum = 0;
    for (const Part& slot : parts_) {
      sum += slot.number > part - static_cast<std::int64_t>(kParts) && slot.number <= part
                 ? slot.amount
                 : 0;
    }
    const std::int64_t first =
        std::max<std::int64_t>(0, (part - static_cast<std::int64_t>(kParts) + 1) * kPart.count());
    const std::int64_t span = now.time_since_epoch().count() - first;
    return span <= 0 ? 0 : sum / (static_cast<double>(span) * 1e-9);
  }

 private:
  struct Part {
    std::int64_t number = -1;
    double amount = 0;
  };

  static constexpr std::size_t kParts = 8;
  static constexpr Duration kPart = std::chrono::milliseconds(125);

  static std::int64_t part_of(TimePoint now) noexcept { return now.time_since_epoch() / kPart; }

  std::array<Part, kParts> parts_{};
};

}  // namespace penstock::sim
