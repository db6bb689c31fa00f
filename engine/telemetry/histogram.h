#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace penstock {

/// Counts values in log-linear classes: each power of two is cut into 16 equal parts, so that a
/// quantile is right within 6 % from 1 to 2^63 with 976 counters and no configuration.
///
/// Units: whatever the values are; times are recorded in nanoseconds.
/// Thread-safety: everything from any thread; a reading while others record is a little behind.
/// Cost: one relaxed atomic addition a value, no allocation.
class Histogram {
 public:
  void record(std::uint64_t value) noexcept;

  [[nodiscard]] std::uint64_t count() const noexcept;
  /// Returns the value below which the share `q` (0..1) of the values lies, as the middle of its
  /// class; 0 if nothing was recorded.
  [[nodiscard]] std::uint64_t quantile(double q) const noexcept;

  [[nodiscard]] std::uint64_t max() const noexcept { return max_.load(std::memory_order_relaxed); }

 private:
  static constexpr int kSubBits = 4;
  static constexpr std::size_t kSub = std::size_t{1} << kSubBits;
  static constexpr std::size_t kClasses = kSub * (64 - kSubBits + 1);

  static std::size_t class_of(std::uint64_t value) noexcept;
  static std::uint64_t middle_of(std::size_t index) noexcept;

  std::array<std::atomic<std::uint64_t>, kClasses> classes_{};
  std::atomic<std::uint64_t> max_{0};
};

}  // namespace penstock
