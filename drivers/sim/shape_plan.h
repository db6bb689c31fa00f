#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "drivers/api/device_info.h"
#include "drivers/api/model_info.h"
#include "drivers/sim/device/core_types.h"
#include "drivers/sim/load_options.h"
#include "drivers/sim/memory_fit.h"
#include "drivers/sim/port_codec.h"
#include "drivers/sim/profiles/profile.h"

namespace penstock::sim {

/// A model in one of the shapes that it is loaded for, as its file or the options describe it.
struct ShapedModel {
  ModelInfo info;                ///< Ports, and the work as properties.
  std::int64_t batch = 0;        ///< Pictures in a frame of the device; 0: one.
  std::int64_t counted_for = 1;  ///< Pictures of which the work was counted.
};

/// The way of a frame of one shape between the caller and the model.
struct ShapePorts {
  std::vector<PortCodec> inputs;
  std::vector<PortCodec> outputs;
};

/// What one shape of a load comes to, on whichever mode of the device.
struct ShapePlan {
  ShapePorts ports;
  CoreShape core;
  ShapeDemand demand;
  bool is_counted = false;  ///< The model told its work.
};

/// Adds an obstacle with subject "scales" for a float model without scales on an integer device.
/// Of `model` only the names and types of the ports are looked at.
void check_scales(const Profile& profile,
                  const LoadOptions& options,
                  const std::string& path,
                  const ModelInfo& model,
                  std::vector<LoadObstacle>* obstacles);

/// Returns the names of the ports that an integer device cannot store for want of a scale.
std::vector<std::string> unscaled_ports(const ModelInfo& model, const LoadOptions& options);

/// Works out one shape; nothing where `obstacles` were added.
std::optional<ShapePlan> plan_shape(const Profile& profile,
                                    const LoadOptions& options,
                                    const ShapedModel& model,
                                    std::vector<LoadObstacle>* obstacles);

/// Returns the description of `ports` as the caller binds them.
ModelInfo info_of(const ShapePorts& ports);

}  // namespace penstock::sim
