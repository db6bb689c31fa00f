#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "engine/base/ref.h"
#include "engine/tensor/feature_map.h"

namespace penstock {

/// What one inference takes and gives: one set of handles, made by whoever wants the inference and
/// shared by all who bring it to a device and back, so that nothing is copied on the way.
///
/// Ownership: counted; whoever has the set keeps the memory. Its contents change only while one
/// party has it (`is_unique`): a device that was given up may look at it long after its end.
/// Thread-safety: as `RefCounted`; the contents by one thread at a time.
struct JobMaps final : RefCounted<JobMaps> {
  std::vector<FeatureMap> inputs;
  std::vector<FeatureMap> outputs;
  std::uint32_t frames = 1;  ///< In the batch; its tensors may have room for more.

  static Ref<JobMaps> create(std::vector<FeatureMap> inputs = {},
                             std::vector<FeatureMap> outputs = {}) {
    auto* made = new JobMaps;
    made->inputs = std::move(inputs);
    made->outputs = std::move(outputs);
    return Ref<JobMaps>(made);
  }

  /// Empties a set for its next use: this one, or a new one where somebody still has this one.
  static void renew(Ref<JobMaps>& maps) {
    if (maps->is_unique()) {
      maps->inputs.clear();
      maps->outputs.clear();
    } else {
      maps = create();
    }
  }

  void on_last_reference() { delete this; }
};

}  // namespace penstock
