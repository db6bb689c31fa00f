#pragma once

#include <cstdint>

namespace penstock::sim {

/// A small generator whose numbers are the same everywhere for the same seed: traces are compared
/// byte for byte, and the distributions of the standard library differ between libraries.
class SimRandom {
 public:
  explicit SimRandom(std::uint64_t seed) : state_(seed) {}

  /// Returns the next number of splitmix64.
  std::uint64_t next() noexcept {
    state_ += 0x9E3779B97F4A7C15ULL;
    std::uint64_t mixed = state_;
    mixed = (mixed ^ (mixed >> 30U)) * 0xBF58476D1CE4E5B9ULL;
    mixed = (mixed ^ (mixed >> 27U)) * 0x94D049BB133111EBULL;
    return mixed ^ (mixed >> 31U);
  }

  /// Returns a number from 0 to below 1.
  double uniform() noexcept { return static_cast<double>(next() >> 11U) * 0x1.0p-53; }

  /// Returns a number with mean 0 and deviation 1, within 3.5 (a sum of four uniform ones): like a
  /// normal one, without the library's logarithm.
  double spread() noexcept {
    constexpr double kScale = 1.7320508075688772;  // 1 / deviation of the sum: sqrt(12 / 4).
    return (uniform() + uniform() + uniform() + uniform() - 2.0) * kScale;
  }

 private:
  std::uint64_t state_;
};

}  // namespace penstock::sim
