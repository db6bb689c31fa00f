#pragma once

#include <cstdint>
#include <vector>

#include "drivers/api/model_info.h"
#include "engine/schedule/scheduler_event.h"

namespace penstock {

/// Returns `placements` in the scheduler's form; none: the whole device, for `requests` at once.
std::vector<PlacementFacts> facts_of(const std::vector<ModelPlacement>& placements,
                                     std::uint32_t requests);

/// Returns how many requests keep a device busy that is filled with one package: those of
/// placements that do not overlap, the small ones first, on at most `cores` sub-devices; 0: on all.
/// 0 if `cores` is less than any of them takes.
std::uint32_t depth_of(std::vector<PlacementFacts> placements, std::uint32_t cores = 0);

/// Returns how many sub-devices the smallest takes. Pre: not empty.
std::uint32_t narrowest(const std::vector<PlacementFacts>& placements);

}  // namespace penstock
