#pragma once

#include <cstdint>
#include <random>

namespace penstock::testing {

/// Chance that is the same for the same seed. Thread-safety: one thread.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : random_(seed) {}

  /// Returns a number of `low` to `high`, both included.
  std::uint64_t pick(std::uint64_t low, std::uint64_t high) {
    return std::uniform_int_distribution<std::uint64_t>(low, high)(random_);
  }

  /// Returns true in `share` of all cases.
  bool chance(double share) { return std::bernoulli_distribution(share)(random_); }

  /// For `std::shuffle`.
  std::mt19937_64& engine() noexcept { return random_; }

 private:
  std::mt19937_64 random_;
};

}  // namespace penstock::testing
