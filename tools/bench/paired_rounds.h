#pragma once

#include <cstddef>
#include <functional>
#include <vector>

namespace penstock {

/// The middle of measured values and how far they go.
struct Spread {
  double median = 0;
  double min = 0;
  double max = 0;
};

/// A median and the interval that holds the true one in 95 of 100 runs.
struct MedianInterval {
  double median = 0;
  double low = 0;
  double high = 0;
};

/// Returns median, least and greatest. Pre: `values` is not empty.
Spread spread_of(std::vector<double> values);

/// Returns the median with its 95 % interval by order statistics, which assumes nothing about how
/// the values are distributed. Below 6 values no such interval exists; then it is the whole range.
/// Pre: `values` is not empty.
MedianInterval median_interval(std::vector<double> values);

/// Returns the interval of the ratio `a[i] / b[i]` of values measured in the same round; noise that
/// lasts longer than a round falls out.
/// Pre: as many of one as of the other, at least one; no value of `b` is 0.
MedianInterval paired_ratio(const std::vector<double>& a, const std::vector<double>& b);

/// Runs all contenders in each of `rounds` rounds and returns what each gave, by contender, then
/// round. Each round starts with another contender, so that none always follows the same one.
/// Pre: `contenders` is not empty.
std::vector<std::vector<double>> run_rounds(const std::vector<std::function<double()>>& contenders,
                                            std::size_t rounds);

}  // namespace penstock
