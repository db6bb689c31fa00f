#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/tensor/affine.h"

namespace penstock {

/// The texts of label ids. Results carry ids; text exists in sinks only. Immutable once shared.
struct LabelTable {
  std::vector<std::string> names;

  /// Returns the text of `id`; an id outside the table prints as its number.
  [[nodiscard]] std::string name_of(std::int32_t id) const {
    return id >= 0 && static_cast<std::size_t>(id) < names.size()
               ? names[static_cast<std::size_t>(id)]
               : std::to_string(id);
  }
};

/// A point of an object with its confidence. Units: source pixels; score 0..1.
struct Keypoint {
  Point at;
  float score = 0;
};

/// Something found in a picture.
///
/// Units: `box` in pixels of the source picture; `score` 0..1; `label` indexes the frame's table.
/// `track` is 0 until a tracker has confirmed the object (sinks print null).
struct Object {
  Box box;
  float score = 0;
  std::int32_t label = 0;
  std::int64_t track = 0;
  std::span<const Keypoint> keypoints;  ///< In the frame's arena.
};

/// One class of a whole-picture classification. Units: score 0..1.
struct Label {
  std::int32_t id = 0;
  float score = 0;
};

/// The objects of a frame, in its arena. Empty is a result too: "nothing was found".
struct Objects {
  std::span<const Object> items;
  const LabelTable* labels = nullptr;  ///< Outlives all frames: see `intern_labels`.
};

/// The classes of a frame, best first, in its arena.
struct Labels {
  std::span<const Label> items;
  const LabelTable* labels = nullptr;
};

}  // namespace penstock
