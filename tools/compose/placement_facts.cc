#include "tools/compose/placement_facts.h"

#include <algorithm>

#include "engine/base/sub_device_mask.h"

namespace penstock {

std::vector<PlacementFacts> facts_of(const std::vector<ModelPlacement>& placements,
                                     std::uint32_t requests) {
  std::vector<PlacementFacts> facts;
  for (const ModelPlacement& placement : placements) {
    facts.push_back({placement.sub_devices,
                     std::max(1U, placement.depth),
                     placement.memory_bytes,
                     placement.shared_bytes,
                     placement.activation_time,
                     placement.service_time});
  }
  if (facts.empty()) {
    PlacementFacts whole;
    whole.depth = requests;
    facts.push_back(whole);
  }
  return facts;
}

std::uint32_t depth_of(std::vector<PlacementFacts> placements, std::uint32_t cores) {
  std::stable_sort(placements.begin(), placements.end(), [](const auto& a, const auto& b) {
    return width_of(a) < width_of(b);
  });
  std::uint32_t depth = 0;
  std::uint32_t left = cores == 0 ? kMaxSubDevices : cores;
  SubDeviceMask taken = 0;
  for (const PlacementFacts& placement : placements) {
    if ((placement.sub_devices & taken) == 0 && width_of(placement) <= left) {
      taken |= placement.sub_devices;
      left -= width_of(placement);
      depth += placement.depth;
    }
  }
  return depth;
}

std::uint32_t narrowest(const std::vector<PlacementFacts>& placements) {
  std::uint32_t least = kMaxSubDevices;
  for (const PlacementFacts& placement : placements) {
    least = std::min(least, width_of(placement));
  }
  return least;
}

}  // namespace penstock
