#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tools/bench/bench_report.h"
#include "tools/bench/paired_rounds.h"

namespace penstock {

/// Returns the row of a figure that was measured once a round: its median, and how far it went.
/// Pre: `values` is not empty.
BenchRow row_of(const std::string& name,
                const std::vector<double>& values,
                const std::string& unit);

/// Returns the row of a ratio to what `against` names, with its 95 % interval; `goal` is the most
/// that its median may be.
BenchRow ratio_row(const std::string& name,
                   const MedianInterval& ratio,
                   const std::string& against,
                   std::optional<double> goal = std::nullopt);

}  // namespace penstock
