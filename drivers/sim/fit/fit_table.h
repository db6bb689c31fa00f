#pragma once

#include <string>
#include <vector>

#include "drivers/sim/fit/cost_fit.h"

namespace penstock::sim {

/// Returns the rows of a table in Markdown: network, sub-devices x units, bits a value, published
/// and simulated rate, their deviation, and the error of a fit without that row.
/// Pre: one of `left_out` for each point that does not set the sharing alone.
std::string fit_table(const std::vector<FitPoint>& points,
                      const FittedFigures& figures,
                      const std::vector<double>& left_out);

}  // namespace penstock::sim
