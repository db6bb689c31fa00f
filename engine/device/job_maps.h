#pragma once

#include <memory>
#include <vector>

#include "engine/tensor/feature_map.h"

namespace penstock {

/// What one request takes and gives, on its way from its backend to a device and back: one set of
/// handles that the scheduler and the sub-device share, and that the backend uses again.
///
/// Ownership: whoever has the set keeps the memory. Its contents change only while one party has
/// it.
struct JobMaps {
  std::vector<FeatureMap> inputs;
  std::vector<FeatureMap> outputs;

  void clear() {
    inputs.clear();
    outputs.clear();
  }
};

}  // namespace penstock
