#include "tools/bench/bench_rows.h"

namespace penstock {

BenchRow row_of(const std::string& name,
                const std::vector<double>& values,
                const std::string& unit) {
  const Spread spread = spread_of(values);
  BenchRow row;
  row.name = name;
  row.value = spread.median;
  row.unit = unit;
  row.min = spread.min;
  row.max = spread.max;
  return row;
}

BenchRow ratio_row(const std::string& name,
                   const MedianInterval& ratio,
                   const std::string& against,
                   std::optional<double> goal) {
  BenchRow row;
  row.name = name;
  row.value = ratio.median;
  row.unit = std::string("x");  // GCC 12 takes the assignment of a literal for an overlap.
  row.min = ratio.low;
  row.max = ratio.high;
  row.ratio = ratio.median;
  row.against = against;
  row.goal = goal;
  if (goal.has_value()) {
    row.met = ratio.median <= *goal;
  }
  return row;
}

}  // namespace penstock
