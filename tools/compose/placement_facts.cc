#include "tools/compose/placement_facts.h"

#include <algorithm>
#include <bitset>

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

std::uint32_t depth_of(std::vector<PlacementFacts> placements) {
  std::stable_sort(placements.begin(), placements.end(), [](const auto& a, const auto& b) {
    return std::bitset<kMaxSubDevices>(a.sub_devices).count() <
           std::bitset<kMaxSubDevices>(b.sub_devices).count();
  });
  std::uint32_t depth = 0;
  SubDeviceMask taken = 0;
  for (const PlacementFacts& placement : placements) {
    if ((placement.sub_devices & taken) == 0) {
      taken |= placement.sub_devices;
      depth += placement.depth;
    }
  }
  return depth;
}

}  // namespace penstock
