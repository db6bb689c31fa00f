#include "engine/vision/assignment.h"

#include <limits>
#include <utility>

#include "engine/base/check.h"

namespace penstock {
namespace {

constexpr double kFar = std::numeric_limits<double>::infinity();

std::int32_t narrow(std::size_t index) noexcept {
  return static_cast<std::int32_t>(index);
}

std::size_t widen(std::int32_t index) noexcept {
  return static_cast<std::size_t>(index);
}

}  // namespace

std::span<const std::int32_t> Assignment::solve(std::span<const float> cost,
                                                std::size_t rows,
                                                std::size_t cols) {
  PENSTOCK_CHECK(cost.size() == rows * cols) << cost.size() << " costs, " << rows << "x" << cols;
  cost_ = cost;
  is_transposed_ = rows > cols;
  left_count_ = is_transposed_ ? cols : rows;
  right_count_ = is_transposed_ ? rows : cols;
  left_price_.assign(left_count_, 0);
  right_price_.assign(right_count_, 0);
  left_of_.assign(right_count_, kNone);
  right_of_.assign(left_count_, kNone);
  for (std::size_t left = 0; left < left_count_; ++left) {
    const std::size_t free_right = find_free_right(left);
    move_prices(left, distance_[free_right]);
    swap_partners(free_right);
  }
  if (is_transposed_) {
    result_.assign(left_of_.begin(), left_of_.end());
  } else {
    result_.assign(right_of_.begin(), right_of_.end());
  }
  return result_;
}

double Assignment::cost_at(std::size_t left, std::size_t right) const noexcept {
  return static_cast<double>(is_transposed_ ? cost_[right * left_count_ + left]
                                            : cost_[left * right_count_ + right]);
}

// Dijkstra over reduced costs from a free left member to the nearest free right member.
std::size_t Assignment::find_free_right(std::size_t left) {
  distance_.assign(right_count_, kFar);
  previous_.assign(right_count_, kNone);
  is_settled_.assign(right_count_, 0);
  std::size_t at = left;
  double travelled = 0;
  while (true) {
    const std::size_t nearest = settle_nearest(at, travelled);
    if (left_of_[nearest] == kNone) {
      return nearest;
    }
    travelled = distance_[nearest];
    at = widen(left_of_[nearest]);
  }
}

std::size_t Assignment::settle_nearest(std::size_t at, double travelled) {
  std::size_t nearest = right_count_;
  for (std::size_t right = 0; right < right_count_; ++right) {
    if (is_settled_[right] != 0) {
      continue;
    }
    const double length = travelled + cost_at(at, right) - left_price_[at] - right_price_[right];
    if (length < distance_[right]) {
      distance_[right] = length;
      previous_[right] = narrow(at);
    }
    if (nearest == right_count_ || distance_[right] < distance_[nearest]) {
      nearest = right;
    }
  }
  PENSTOCK_CHECK(nearest < right_count_ && distance_[nearest] < kFar) << "a cost is not finite";
  is_settled_[nearest] = 1;
  return nearest;
}

// Keeps reduced costs non-negative, and those along the path zero.
void Assignment::move_prices(std::size_t left, double travelled) {
  left_price_[left] += travelled;
  for (std::size_t right = 0; right < right_count_; ++right) {
    if (is_settled_[right] == 0) {
      continue;
    }
    const double gain = travelled - distance_[right];
    right_price_[right] -= gain;
    if (left_of_[right] != kNone) {
      left_price_[widen(left_of_[right])] += gain;
    }
  }
}

// Gives each right member of the path to the left member before it; ends at the one who had none.
void Assignment::swap_partners(std::size_t free_right) {
  std::int32_t right = narrow(free_right);
  while (right != kNone) {
    const std::int32_t left = previous_[widen(right)];
    left_of_[widen(right)] = left;
    std::swap(right_of_[widen(left)], right);
  }
}

}  // namespace penstock
