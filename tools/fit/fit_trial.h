#pragma once

#include <cstdint>
#include <string>

#include "drivers/plugin/penstock_driver.h"
#include "engine/base/clock.h"
#include "engine/base/result.h"
#include "engine/graph/graph_spec.h"
#include "tools/fit/fit_figures.h"

namespace penstock {

/// What all runs of one question share.
struct FitWords {
  const GraphSpec* spec = nullptr;  ///< Of `on_simulated_devices`.
  const PenstockDriverApi* reference_driver =
      nullptr;                 ///< Reads model files; null: there are none.
  double fps = 30;             ///< Of each stream.
  std::uint32_t seconds = 10;  ///< That are measured.
};

/// Runs `streams` live streams of the graph in virtual time, on simulated devices that compute
/// nothing: the classes that run in production, in one thread. The frames of the streams come at
/// even distances. The first `kFitWarmUp` is left out of the figures. The same words give the same
/// figures.
/// Errors: `kUnavailable` if it makes no progress in virtual time; of loading the models.
/// Cost: reads the model files; then less than a virtual second takes.
Result<FitFigures> run_fit_trial(const FitWords& words, std::uint32_t streams);

inline constexpr Duration kFitWarmUp = std::chrono::seconds(2);

}  // namespace penstock
