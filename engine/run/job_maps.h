#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "engine/base/ref.h"
#include "engine/frame/frame.h"
#include "engine/tensor/feature_map.h"

namespace penstock {

/// How many frames of a batch are of one stream.
struct StreamFrames {
  StreamId stream{};
  std::uint32_t frames = 1;

  friend bool operator==(const StreamFrames&, const StreamFrames&) = default;
};

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
  /// Whose they are, each stream named once; empty: all are of the job's stream.
  std::vector<StreamFrames> streams;

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
      maps->streams.clear();
    } else {
      maps = create();
    }
  }

  /// Counts one more frame, of `stream`. Cost: O(streams of the batch).
  void add_frame(StreamId stream) {
    ++frames;
    const auto known = std::find_if(streams.begin(), streams.end(), [&](const StreamFrames& one) {
      return one.stream == stream;
    });
    if (known == streams.end()) {
      streams.push_back({stream, 1});
    } else {
      ++known->frames;
    }
  }

  void on_last_reference() { delete this; }
};

}  // namespace penstock
