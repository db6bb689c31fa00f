#pragma once

#include "engine/base/result.h"
#include "engine/graph/option_values.h"
#include "engine/tensor/feature_map.h"

namespace penstock {

/// What a model's input looks like to one who makes it from a picture.
struct ModelPicture {
  bool is_channels_last = false;
  std::int64_t channels = 0;  ///< -1 = left open.
  Size2d size;                ///< 0x0 = left open.
};

/// Returns how `input` takes pictures: four axes, of which the layout names, or their extents show,
/// which one is the channels (1, 3 or 4).
/// Errors: `kUnsupported` for another number of axes.
Result<ModelPicture> model_picture(const TensorSpec& input);

}  // namespace penstock
