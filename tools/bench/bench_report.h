#pragma once

#include <optional>
#include <string>
#include <vector>

namespace penstock {

/// One figure of a benchmark.
///
/// Units: `value`, `min` and `max` in `unit`; `ratio` is this figure over the one named by
/// `against`, from paired rounds, and `goal` bounds the ratio where there is one, else the value.
struct BenchRow {
  std::string name;
  double value = 0;
  std::string unit;
  std::optional<double> min;
  std::optional<double> max;
  std::optional<double> ratio;
  std::string against;  ///< Empty where the figure stands alone.
  std::optional<double> goal;
  std::optional<bool> met;
};

/// What a benchmark prints: one table for people or one JSON object for programs.
struct BenchReport {
  std::string benchmark;
  std::string machine;
  std::vector<BenchRow> rows;

  /// Returns one line: `{"benchmark","machine","rows":[{"name","value","unit","min","max","ratio",
  /// "against","goal","met"}]}`; what a row does not have is left out of it.
  [[nodiscard]] std::string to_json() const;

  /// Returns a table with a line a row, numbers with three significant digits.
  [[nodiscard]] std::string to_table() const;
};

/// Returns this machine in words: the CPU's name as `/proc/cpuinfo` has it and its number of cores.
std::string machine_name();

}  // namespace penstock
