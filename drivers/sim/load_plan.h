#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "drivers/api/device_info.h"
#include "drivers/api/model_info.h"
#include "drivers/sim/device/core_types.h"
#include "drivers/sim/load_options.h"
#include "drivers/sim/port_codec.h"
#include "drivers/sim/profiles/profile.h"

namespace penstock::sim {

/// What a load comes to: ports, amounts, times, and what stands against it.
struct LoadPlan {
  ModelInfo info;
  std::vector<PortCodec> inputs;
  std::vector<PortCodec> outputs;
  CoreModel core;
};

/// Works out what loading a model with `ports` and properties `model` comes to. Pure: `explain` and
/// `load` both ask it, so that they cannot disagree. Adds to `obstacles`; without any the plan is
/// whole.
///
/// A float model on an integer device without scales is refused with subject "scales"; one that
/// does not fit names the limit, by how much, and the modes that would do.
std::optional<LoadPlan> plan_load(const Profile& profile,
                                  const LoadOptions& options,
                                  const std::string& path,
                                  const ModelInfo& model,
                                  std::vector<LoadObstacle>* obstacles);

}  // namespace penstock::sim
