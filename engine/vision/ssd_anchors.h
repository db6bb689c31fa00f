#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "engine/base/result.h"
#include "engine/vision/detection.h"

namespace penstock {

/// A prior box of an SSD head: its centre and size as fractions of the model's input.
struct SsdAnchor {
  float y = 0;
  float x = 0;
  float h = 0;
  float w = 0;
};

/// The multi-scale grid of prior boxes that SSD heads are trained with (Liu et al., SSD, ECCV 2016,
/// section 2.2; the extra rules are those of the MobileNet variants).
///
/// Level i has a grid of ceil(input / strides[i]) cells, row by row, and per cell one box for each
/// ratio (width to height) at scale s_i = min + (max - min) * i / (levels - 1), then one square
/// box at sqrt(s_i * s_(i+1)), where the scale after the last is 1.
struct SsdAnchorOptions {
  std::vector<int> strides;  ///< Pixels of the input, one a level.
  float min_scale = 0.2F;
  float max_scale = 0.95F;
  std::vector<float> ratios = {1, 2, 0.5F, 3, 0.3333F};
  bool has_in_between_box = true;  ///< The square box between this scale and the next.
  /// The first level has three boxes only: scale 0.1 square, and s_0 at ratios 2 and 1/2.
  bool is_first_level_reduced = true;
};

/// Returns the options of a named preset, or nothing. Known: "mobilenet_v2_oid_300" (input 300x300,
/// 1917 boxes).
std::optional<SsdAnchorOptions> ssd_anchor_preset(std::string_view name);

/// Returns all boxes, level by level, in the order of the model's rows.
/// Errors: `kInvalidArgument` if `input`, a stride, a scale or a ratio is not positive, or there is
/// no level, or more than a million boxes.
Result<std::vector<SsdAnchor>> make_ssd_anchors(const SsdAnchorOptions& options, InputSize input);

}  // namespace penstock
