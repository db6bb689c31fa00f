#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "drivers/api/device_info.h"
#include "drivers/api/model_info.h"
#include "drivers/sim/device/core_types.h"
#include "drivers/sim/load_options.h"
#include "drivers/sim/profiles/profile.h"
#include "drivers/sim/shape_plan.h"

namespace penstock::sim {

/// What a load comes to: ports, amounts, times, and what stands against it.
///
/// With buckets it is one compiled shape for each, which have the weights in common: these count
/// once, and of the memories for inputs and outputs the model takes what its largest bucket does.
struct LoadPlan {
  ModelInfo info;
  std::vector<ShapePorts> ports;                ///< One each of `info.buckets`, or the only one.
  CoreModel core;                               ///< Its shapes are in the same order.
  std::vector<std::vector<std::byte>> padding;  ///< With buckets: one element an input.
};

/// Works out what loading a model comes to that was described in `models` for each of its shapes,
/// the smallest first. Pure: `explain` and `load` both ask it, so that they cannot disagree. Adds
/// to `obstacles`; without any the plan is whole.
///
/// A float model on an integer device without scales is refused with subject "scales"; one that
/// does not fit names the limit, by how much, and the modes that would do. Pre: `models` has one.
std::optional<LoadPlan> plan_load(const Profile& profile,
                                  const LoadOptions& options,
                                  const std::string& path,
                                  std::span<const ShapedModel> models,
                                  std::vector<LoadObstacle>* obstacles);

}  // namespace penstock::sim
