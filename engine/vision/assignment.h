#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace penstock {

/// Finds the pairing of rows and columns with the least total cost (the linear assignment problem).
///
/// Every row of the smaller side gets a partner. To leave pairs out, cap their cost at the price of
/// staying alone, and drop the pairs that come back at that price: the optimum is then that of the
/// problem in which staying alone is allowed.
///
/// Shortest augmenting paths over dual prices: Kuhn, "The Hungarian method for the assignment
/// problem", 1955; Jonker and Volgenant, "A shortest augmenting path algorithm for dense and sparse
/// linear assignment problems", 1987.
/// Thread-safety: one thread at a time.
/// Cost: O(n^2 m) for n <= m; no allocation once it has seen its largest problem.
class Assignment {
 public:
  static constexpr std::int32_t kNone = -1;

  /// Returns the column of each row, or `kNone`. Valid until the next call.
  /// Pre: `cost` holds rows x cols finite numbers, row by row.
  std::span<const std::int32_t> solve(std::span<const float> cost,
                                      std::size_t rows,
                                      std::size_t cols);

 private:
  // The smaller side is "left", so that each of its members finds a free partner.
  [[nodiscard]] double cost_at(std::size_t left, std::size_t right) const noexcept;
  std::size_t find_free_right(std::size_t left);
  std::size_t settle_nearest(std::size_t at, double travelled);
  void move_prices(std::size_t left, double travelled);
  void swap_partners(std::size_t free_right);

  std::span<const float> cost_;
  std::size_t left_count_ = 0;
  std::size_t right_count_ = 0;
  bool is_transposed_ = false;
  std::vector<double> left_price_;
  std::vector<double> right_price_;
  std::vector<double> distance_;          // From the free left member to each right member.
  std::vector<std::int32_t> left_of_;     // Partner of each right member.
  std::vector<std::int32_t> previous_;    // Left member before each right member on its path.
  std::vector<std::int32_t> right_of_;    // Partner of each left member.
  std::vector<std::uint8_t> is_settled_;  // Right members whose distance is final.
  std::vector<std::int32_t> result_;
};

}  // namespace penstock
