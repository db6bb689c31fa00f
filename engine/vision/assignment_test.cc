#include "engine/vision/assignment.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace penstock {
namespace {

std::vector<std::int32_t> solve(const std::vector<float>& cost,
                                std::size_t rows,
                                std::size_t cols) {
  Assignment assignment;
  const auto columns = assignment.solve(cost, rows, cols);
  return {columns.begin(), columns.end()};
}

using Columns = std::vector<std::int32_t>;

TEST(Assignment, PrefersTheLeastTotalOverTheLeastPair) {
  // Greedy takes 1 and then pays 100; the optimum is 2 + 3.
  EXPECT_EQ(solve({1, 2, 3, 100}, 2, 2), (Columns{1, 0}));
}

TEST(Assignment, SolvesATextbookCase) {
  // The six permutations cost 9, 17, 17, 22, 19 and 16.
  EXPECT_EQ(solve({2, 8, 7, 6, 4, 9, 5, 6, 3}, 3, 3), (Columns{0, 1, 2}));
}

TEST(Assignment, LeavesTheDearestRowsAloneWhenColumnsAreFew) {
  EXPECT_EQ(solve({5, 1, 3}, 3, 1), (Columns{Assignment::kNone, 0, Assignment::kNone}));
}

TEST(Assignment, LeavesColumnsAloneWhenRowsAreFew) {
  EXPECT_EQ(solve({5, 1, 3}, 1, 3), Columns{1});
}

TEST(Assignment, AcceptsNegativeCosts) {
  EXPECT_EQ(solve({-1, -5, -2, -4}, 2, 2), (Columns{1, 0}));
}

TEST(Assignment, AnswersEmptyProblems) {
  EXPECT_EQ(solve({}, 0, 0), Columns());
  EXPECT_EQ(solve({}, 0, 3), Columns());
  EXPECT_EQ(solve({}, 2, 0), (Columns{Assignment::kNone, Assignment::kNone}));
}

// The least total by trying every way to give each of the fewer side a partner of its own.
float least_total(const std::vector<float>& cost, std::size_t rows, std::size_t cols) {
  const std::size_t few = std::min(rows, cols);
  std::vector<std::size_t> order(std::max(rows, cols));
  std::iota(order.begin(), order.end(), std::size_t{0});
  float least = std::numeric_limits<float>::max();
  do {
    float total = 0;
    for (std::size_t i = 0; i < few; ++i) {
      total += rows <= cols ? cost[i * cols + order[i]] : cost[order[i] * cols + i];
    }
    least = std::min(least, total);
  } while (std::next_permutation(order.begin(), order.end()));
  return least;
}

TEST(Assignment, AgreesWithTryingEverything) {
  std::mt19937 random(20221);
  Assignment assignment;
  for (int round = 0; round < 400; ++round) {
    const std::size_t rows = 1 + random() % 6;
    const std::size_t cols = 1 + random() % 6;
    std::vector<float> cost(rows * cols);
    for (float& value : cost) {
      value = static_cast<float>(random() % 12);  // Small whole numbers: many ties, exact sums.
    }
    const auto columns = assignment.solve(cost, rows, cols);
    float total = 0;
    std::vector<int> uses(cols);
    std::size_t pairs = 0;
    for (std::size_t row = 0; row < rows; ++row) {
      if (columns[row] != Assignment::kNone) {
        const auto col = static_cast<std::size_t>(columns[row]);
        total += cost[row * cols + col];
        ++uses[col];
        ++pairs;
      }
    }
    EXPECT_EQ(pairs, std::min(rows, cols));
    EXPECT_LE(*std::max_element(uses.begin(), uses.end()), 1);
    EXPECT_EQ(total, least_total(cost, rows, cols)) << "round " << round << " of seed 20221";
  }
}

}  // namespace
}  // namespace penstock
