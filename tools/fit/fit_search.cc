#include "tools/fit/fit_search.h"

#include <algorithm>
#include <utility>

namespace penstock {

bool does_fit(const FitFigures& figures, const FitGoal& goal) {
  const bool is_each_served =
      std::all_of(figures.by_stream.begin(), figures.by_stream.end(), [&](const auto& streams) {
        return streams.drop_rate <= goal.drop_rate;
      });
  return figures.in_order && figures.failed == 0 && figures.drop_rate <= goal.drop_rate &&
         is_each_served;
}

Result<FitAnswer> search_fit(const FitGoal& goal, const FitTrial& trial) {
  FitAnswer answer;
  const auto try_with = [&](std::uint32_t streams) -> Status {
    PENSTOCK_ASSIGN_OR_RETURN(FitFigures figures, trial(streams));
    (does_fit(figures, goal) ? answer.best : answer.next) = std::move(figures);
    return {};
  };
  std::uint32_t streams = 1;
  PENSTOCK_RETURN_IF_ERROR(try_with(streams));
  while (!answer.next.has_value() && streams < goal.max_streams) {
    streams = std::min(streams * 2, goal.max_streams);
    PENSTOCK_RETURN_IF_ERROR(try_with(streams));
  }
  while (answer.best.has_value() && answer.next.has_value() &&
         answer.next->streams - answer.best->streams > 1) {
    const std::uint32_t fits = answer.best->streams;
    PENSTOCK_RETURN_IF_ERROR(try_with(fits + (answer.next->streams - fits) / 2));
  }
  return answer;
}

}  // namespace penstock
