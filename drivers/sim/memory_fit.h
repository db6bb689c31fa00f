#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "drivers/api/device_info.h"
#include "drivers/sim/model_work.h"
#include "drivers/sim/profiles/profile.h"

namespace penstock::sim {

/// What frames of one shape want of a device's memories.
struct ShapeDemand {
  std::string bucket;  ///< For messages: "1x3x320x320"; "" where the model has no other shape.
  ModelWork work;
  std::uint64_t transfers = 0;  ///< Bytes of inputs and outputs as the device stores them.
};

/// Returns the first mode that `demands` fit in, or `wanted` if it is not ""; null where they do
/// not, with an obstacle that names the limit, by how much, and the modes that would do.
///
/// The shapes of a model have their weights in common and run one at a time, so that what it takes
/// of a memory is what its largest one does.
const ProfileMode* choose_mode(const Profile& profile,
                               const std::string& wanted,
                               std::span<const ShapeDemand> demands,
                               std::vector<LoadObstacle>* obstacles);

/// Returns what the model takes while it is resident: on each of its sub-devices, or of the memory
/// of the device.
std::uint64_t resident_bytes(const Profile& profile,
                             bool of_device,
                             const ProfileMode& mode,
                             std::span<const ShapeDemand> demands);

}  // namespace penstock::sim
