#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "drivers/api/device_info.h"
#include "drivers/sim/model_work.h"
#include "drivers/sim/profiles/profile.h"
#include "engine/base/sub_device_mask.h"

namespace penstock::sim {

/// What frames of one shape want of a device's memories.
struct ShapeDemand {
  std::string bucket;  ///< For messages: "1x3x320x320"; "" where the model has no other shape.
  ModelWork work;
  std::uint64_t transfers = 0;  ///< Bytes of inputs and outputs as the device stores them.
};

/// What a load may take of a device: those of its sub-devices, and so many of them at once.
/// Units: 0 = all.
struct PlaceLimits {
  SubDeviceMask sub_devices = 0;
  std::int64_t cores = 0;
};

/// Returns the places of `mode` that lie within `limits`; none if it needs more.
std::vector<SubDeviceMask> places_within(const Profile& profile,
                                         const ProfileMode& mode,
                                         const PlaceLimits& limits);

/// Returns the first mode that has a place within `limits` and that `demands` fit in, or `wanted`
/// if it is not ""; null where there is none, with an obstacle that names the limit, by how much,
/// and the modes that would do. Its subject is "cores" or "sub_devices" where only these limits
/// stand against the model, else "memory".
///
/// The shapes of a model have their weights in common and run one at a time, so that what it takes
/// of a memory is what its largest one does.
const ProfileMode* choose_mode(const Profile& profile,
                               const std::string& wanted,
                               const PlaceLimits& limits,
                               std::span<const ShapeDemand> demands,
                               std::vector<LoadObstacle>* obstacles);

/// Returns what the model takes while it is resident: on each of its sub-devices, or of the memory
/// of the device.
std::uint64_t resident_bytes(const Profile& profile,
                             bool of_device,
                             const ProfileMode& mode,
                             std::span<const ShapeDemand> demands);

}  // namespace penstock::sim
