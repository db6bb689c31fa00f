#pragma once

#include <string>
#include <vector>

#include "drivers/sim/cost_model.h"
#include "drivers/sim/fit/published.h"
#include "drivers/sim/link_model.h"
#include "drivers/sim/model_work.h"
#include "engine/base/result.h"

namespace penstock::sim {

/// A published rate with the work of its network.
struct FitPoint {
  ModelWork work;
  PublishedRate rate;
};

/// The figures of a profile that are fitted.
struct FittedFigures {
  CostFigures costs;
  LinkFigures link;
};

/// Returns the points of one profile, in the order of `rates`.
/// Errors: `kNotFound` for a network that is not among `networks`, or a profile without points.
Result<std::vector<FitPoint>> points_of(const std::string& profile,
                                        const std::map<std::string, ModelWork>& networks,
                                        const std::vector<PublishedRate>& rates);

/// Returns what crosses the link for a frame of `point` in the published run: pictures in, and maps
/// of no known channels out.
struct LinkBytes {
  double in = 0;
  double out = 0;
};

LinkBytes bytes_on_link(const FitPoint& point, const LinkFigures& link);

/// Returns the rate of the whole device by the profile's own function, in frames a second.
double simulated_fps(const FitPoint& point, const FittedFigures& figures);

/// Fits the terms that `profile` has data for; keeps the others of `figures`.
///
/// Least sum of |log(simulated / published)|, which single wrong figures do not pull; a search with
/// fixed random numbers, so that the same points give the same costs. Costs that no data tell
/// apart are tied: a multiply-add of a depthwise convolution is worth four of a convolution.
/// No cost of convolutions is below what the stated peak of the device allows.
/// Errors: `kNotFound` for a profile that no plan is written for.
Result<FittedFigures> fit_costs(const std::string& profile,
                                const std::vector<FitPoint>& points,
                                const FittedFigures& figures);

/// Returns, for each judged point, log-free relative errors (simulated / published - 1) of a fit to
/// all the others, starting from `fitted`.
/// Errors: as `fit_costs`.
Result<std::vector<double>> left_out_errors(const std::string& profile,
                                            const std::vector<FitPoint>& points,
                                            const FittedFigures& fitted);

/// Returns the value that `part` (0 to 1) of the absolute values do not exceed: the nearest rank.
/// Pre: `values` is not empty.
double absolute_quantile(std::vector<double> values, double part);

}  // namespace penstock::sim
