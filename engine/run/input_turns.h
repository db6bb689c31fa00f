#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace penstock {

/// In which order a station looks into its inputs: those of the highest rank first, and among
/// equals the one that has been served least for its weight.
///
/// Served is counted in virtual time: a frame moves its input on by 1 / weight. An input that had
/// nothing for a while starts where the others are, so that it cannot claim the past.
/// Source: start-time fair queueing (Goyal, Vin, Cheng 1996), with frames of equal cost.
///
/// Thread-safety: one thread. Cost: `serve` is O(inputs of the same rank), no allocation.
class InputTurns {
 public:
  struct Claim {
    std::uint8_t rank = 0;  ///< Higher ones come first.
    double weight = 1;      ///< Above 0.
  };

  InputTurns() = default;
  /// One claim an input.
  explicit InputTurns(const std::vector<Claim>& claims);

  [[nodiscard]] std::size_t size() const noexcept { return turns_.size(); }

  /// Returns which input is at `place` of the order.
  [[nodiscard]] std::size_t at(std::size_t place) const noexcept { return turns_[place].input; }

  /// Says that the input at `place` gave a frame: its next turn is behind those of its equals.
  void serve(std::size_t place) noexcept;

 private:
  struct Turn {
    std::size_t input = 0;
    std::size_t lane = 0;  // Of `floors_`: one a rank.
    double step = 1;
    double due = 0;
  };

  std::vector<Turn> turns_;  // By rank, then by when they are due; who was served last comes last.
  std::vector<double> floors_;  // When that was due which was served last.
};

}  // namespace penstock
