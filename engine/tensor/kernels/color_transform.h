#pragma once

#include <array>

#include "engine/tensor/image.h"
#include "engine/tensor/kernels/row_kernels.h"

namespace penstock {

/// The affine map of one output channel after conversion: `(value - mean) / deviation`.
struct ChannelScale {
  std::array<float, 3> mean{0, 0, 0};
  std::array<float, 3> deviation{1, 1, 1};
};

/// Returns the transform for components in the order luma, the chroma of the first output channel,
/// the chroma of the last (V, U for RGB; U, V for BGR).
///
/// R' = Y' + 2 (1 - Kr) Pr, B' = Y' + 2 (1 - Kb) Pb, G' from Y' = Kr R' + Kg G' + Kb B', with
/// Kr = 0.299, Kb = 0.114 for ITU-R BT.601-7 and Kr = 0.2126, Kb = 0.0722 for BT.709-6; 8-bit
/// limited range has Y' in 16..235 and chroma in 16..240 around 128, full range 0..255 (JFIF).
ColorTransform yuv_transform(ColorMatrix matrix,
                             ColorRange range,
                             bool blue_first,
                             const ChannelScale& scale);

/// Returns the transform that leaves the colours as they are.
ColorTransform same_colors(const ChannelScale& scale);

}  // namespace penstock
