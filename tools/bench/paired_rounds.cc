#include "tools/bench/paired_rounds.h"

#include <algorithm>
#include <cmath>

#include "engine/base/check.h"

namespace penstock {
namespace {

double middle(const std::vector<double>& sorted) {
  const std::size_t half = sorted.size() / 2;
  return sorted.size() % 2 == 1 ? sorted[half] : 0.5 * (sorted[half - 1] + sorted[half]);
}

/// Returns how many values to leave out at either end: the most for which the median lies further
/// out in at most 2.5 % of all cases, each value being above it or below with equal chance.
std::size_t values_outside(std::size_t count) {
  constexpr double kTail = 0.025;
  double term = std::pow(0.5, static_cast<double>(count));
  double sum = 0;
  std::size_t outside = 0;
  for (std::size_t k = 0; k < count; ++k) {
    sum += term;
    if (sum > kTail) {
      break;
    }
    outside = k + 1;
    term *= static_cast<double>(count - k) / static_cast<double>(k + 1);
  }
  return outside;
}

}  // namespace

Spread spread_of(std::vector<double> values) {
  PENSTOCK_CHECK(!values.empty());
  std::sort(values.begin(), values.end());
  return {middle(values), values.front(), values.back()};
}

MedianInterval median_interval(std::vector<double> values) {
  PENSTOCK_CHECK(!values.empty());
  std::sort(values.begin(), values.end());
  const std::size_t outside = values_outside(values.size());
  // The k-th value from either end bounds the interval where at most k - 1 may lie outside.
  const std::size_t first = outside == 0 ? 0 : outside - 1;
  return {middle(values), values[first], values[values.size() - 1 - first]};
}

MedianInterval paired_ratio(const std::vector<double>& a, const std::vector<double>& b) {
  PENSTOCK_CHECK(a.size() == b.size()) << a.size() << " against " << b.size() << " rounds";
  std::vector<double> ratios;
  for (std::size_t i = 0; i < a.size(); ++i) {
    ratios.push_back(a[i] / b[i]);
  }
  return median_interval(ratios);
}

std::vector<std::vector<double>> run_rounds(const std::vector<std::function<double()>>& contenders,
                                            std::size_t rounds) {
  PENSTOCK_CHECK(!contenders.empty());
  std::vector<std::vector<double>> values(contenders.size());
  for (std::size_t round = 0; round < rounds; ++round) {
    for (std::size_t i = 0; i < contenders.size(); ++i) {
      const std::size_t turn = (round + i) % contenders.size();
      values[turn].push_back(contenders[turn]());
    }
  }
  return values;
}

}  // namespace penstock
