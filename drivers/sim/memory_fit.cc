#include "drivers/sim/memory_fit.h"

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

/// Returns what stands against `mode`; empty if the model fits.
std::string misfit(const Profile& profile,
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

const ProfileMode* choose_mode(const Profile& profile,
                               const std::string& wanted,
                               std::span<const ShapeDemand> demands,
                               std::vector<LoadObstacle>* obstacles) {
  std::string fitting;
  std::string refusals;
  for (const ProfileMode& mode : profile.modes) {
    const std::string refusal = misfit(profile, mode, demands);
    if (refusal.empty()) {
      fitting += (fitting.empty() ? "" : ", ") + mode.name;
    }
    if (refusal.empty() && (wanted.empty() || wanted == mode.name)) {
      return &mode;
    }
    if (!refusal.empty() && (wanted.empty() || wanted == mode.name)) {
      refusals +=
          (refusals.empty() ? "" : "; ") + std::string("mode '") + mode.name + "': " + refusal;
    }
  }
  obstacles->push_back({Errc::kUnsupported,
                        "memory",
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
