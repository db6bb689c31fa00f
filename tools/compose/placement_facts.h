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
/// placements that do not overlap, the small ones first.
std::uint32_t depth_of(std::vector<PlacementFacts> placements);

}  // namespace penstock
