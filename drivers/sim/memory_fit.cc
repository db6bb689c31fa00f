#include "drivers/sim/memory_fit.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace penstock::sim {
namespace {

/// What one shape takes of a level in a mode, on one place of it.
std::uint64_t wanted_by(const MemoryLevel& level,
                        const ProfileMode& mode,
                        const ShapeDemand& demand) {
  const double copies = mode.frames;
  const double bytes = level.weights ? demand.work.weight_bytes : 0;
  const double per_frame = (level.activations ? demand.work.activation_bytes : 0) +
                           (level.transfers ? static_cast<double>(demand.transfers) : 0);
  if (level.of_device) {
    return static_cast<std::uint64_t>(bytes + per_frame * copies);
  }
  // Those that work on one frame together divide it; each frame of a batch has its own copy.
  return static_cast<std::uint64_t>(std::ceil((bytes + per_frame) / mode.workers_per_frame()));
}

/// The shape that takes most of a level.
struct Largest {
  std::uint64_t bytes = 0;
  const ShapeDemand* demand = nullptr;
};

Largest largest_of(const MemoryLevel& level,
                   const ProfileMode& mode,
                   std::span<const ShapeDemand> demands) {
  Largest largest;
  for (const ShapeDemand& demand : demands) {
    const std::uint64_t bytes = wanted_by(level, mode, demand);
    if (largest.demand == nullptr || bytes > largest.bytes) {
      largest = {bytes, &demand};
    }
  }
  return largest;
}

/// Returns "0,1".
std::string indexes(SubDeviceMask set) {
  std::string text;
  for (std::uint32_t i = 0; i < kMaxSubDevices; ++i) {
    if ((set >> i & 1U) != 0) {
      text += (text.empty() ? "" : ",") + std::to_string(i);
    }
  }
  return text;
}

/// What stands against a mode: the option that limits it, and how.
struct Misfit {
  std::string subject;  ///< Empty: nothing.
  std::string text;
};

Misfit misfit_of_places(const Profile& profile,
                        const ProfileMode& mode,
                        const PlaceLimits& limits) {
  const std::string takes = "takes " + std::to_string(mode.sub_devices) + " of the " +
                            profile.sub_device_name + "s at once, ";
  if (limits.cores != 0 && mode.sub_devices > limits.cores) {
    return {"cores",
            takes + "`cores` allows " + std::to_string(limits.cores) + ", " +
                std::to_string(mode.sub_devices - limits.cores) + " too few"};
  }
  if (!places_within(profile, mode, limits).empty()) {
    return {};
  }
  std::string sets;
  int missing = profile.sub_devices;
  for (const SubDeviceMask place : profile.places_of(mode)) {
    sets += (sets.empty() ? "" : " or ") + indexes(place);
    missing = std::min(missing, std::popcount(place & ~limits.sub_devices));
  }
  return {"sub_devices",
          takes + sets + "; `sub_devices` allows " + indexes(limits.sub_devices) + ", " +
              std::to_string(missing) + " too few"};
}

/// Returns what of the memories stands against `mode`; empty if the model fits.
std::string misfit_of_memory(const Profile& profile,
                             const ProfileMode& mode,
                             std::span<const ShapeDemand> demands) {
  std::string text;
  for (const MemoryLevel& level : profile.memory) {
    const Largest need = largest_of(level, mode, demands);
    const std::uint64_t room = level.size - level.reserved;
    if (need.bytes > room) {
      text += (text.empty() ? "" : ", ") + std::string("memory '") + level.name + "' of " +
              (level.of_device ? "the device" : "each " + profile.sub_device_name) + ": " +
              std::to_string(need.bytes) + " bytes wanted" +
              (need.demand->bucket.empty() ? "" : " by bucket " + need.demand->bucket) + ", " +
              std::to_string(room) + " there, " + std::to_string(need.bytes - room) + " too few";
    }
  }
  return text;
}

}  // namespace

std::vector<SubDeviceMask> places_within(const Profile& profile,
                                         const ProfileMode& mode,
                                         const PlaceLimits& limits) {
  std::vector<SubDeviceMask> places;
  if (limits.cores != 0 && mode.sub_devices > limits.cores) {
    return places;
  }
  for (const SubDeviceMask place : profile.places_of(mode)) {
    if (limits.sub_devices == 0 || (place & ~limits.sub_devices) == 0) {
      places.push_back(place);
    }
  }
  return places;
}

const ProfileMode* choose_mode(const Profile& profile,
                               const std::string& wanted,
                               const PlaceLimits& limits,
                               std::span<const ShapeDemand> demands,
                               std::vector<LoadObstacle>* obstacles) {
  std::string fitting;
  std::string refusals;
  std::string subject;
  for (const ProfileMode& mode : profile.modes) {
    Misfit refusal = misfit_of_places(profile, mode, limits);
    if (refusal.subject.empty()) {
      refusal.text = misfit_of_memory(profile, mode, demands);
      refusal.subject = refusal.text.empty() ? "" : "memory";
    }
    const bool is_meant = wanted.empty() || wanted == mode.name;
    if (refusal.subject.empty()) {
      if (is_meant) {
        return &mode;
      }
      fitting += (fitting.empty() ? "" : ", ") + mode.name;
    } else if (is_meant) {
      refusals +=
          (refusals.empty() ? "" : "; ") + std::string("mode '") + mode.name + "': " + refusal.text;
      subject = subject.empty() || refusal.subject == "memory" ? refusal.subject : subject;
    }
  }
  obstacles->push_back({subject == "memory" ? Errc::kUnsupported : Errc::kUnavailable,
                        subject,
                        refusals + (fitting.empty() ? "; no mode of this device would do"
                                                    : "; it would fit in: " + fitting)});
  return nullptr;
}

std::uint64_t resident_bytes(const Profile& profile,
                             bool of_device,
                             const ProfileMode& mode,
                             std::span<const ShapeDemand> demands) {
  const MemoryLevel* level = profile.resident_level(of_device);
  return level == nullptr ? 0 : largest_of(*level, mode, demands).bytes;
}

}  // namespace penstock::sim
