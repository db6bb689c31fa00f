#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "engine/base/result.h"
#include "tools/fit/fit_figures.h"

namespace penstock {

/// When a number of streams fits, and up to where to look.
struct FitGoal {
  double drop_rate = 0.01;  ///< At most; from 0 to 1.
  std::uint32_t max_streams = 256;
};

struct FitAnswer {
  std::optional<FitFigures> best;  ///< Of the most streams that fit; nothing if none does.
  std::optional<FitFigures> next;  ///< With one stream more; nothing if `max_streams` fit.
};

/// Runs the graph with that many streams.
using FitTrial = std::function<Result<FitFigures>(std::uint32_t streams)>;

/// Returns whether all that `figures` shows is as `goal` wants it, for each of the graph's streams.
bool does_fit(const FitFigures& figures, const FitGoal& goal);

/// Finds the most streams that fit, by doubling and then halving what lies between.
/// Errors: of `trial`. Cost: about 2 log2(answer) trials.
Result<FitAnswer> search_fit(const FitGoal& goal, const FitTrial& trial);

}  // namespace penstock
