#include "engine/tensor/kernels/color_transform.h"

#include <cstddef>

namespace penstock {
namespace {

using Matrix = std::array<std::array<double, 3>, 3>;

/// Folds offset, normalisation and the kernels' fixed-point unit into one transform.
ColorTransform folded(const Matrix& matrix,
                      const std::array<double, 3>& zero,
                      const ChannelScale& scale) {
  ColorTransform result;
  for (std::size_t c = 0; c < 3; ++c) {
    const double mean = scale.mean[c];
    const double deviation = scale.deviation[c];
    double offset = -mean;
    for (std::size_t k = 0; k < 3; ++k) {
      offset -= matrix[c][k] * zero[k];
      result.weight[c][k] = static_cast<float>(matrix[c][k] / (deviation * TapTable::kWeightOne));
    }
    result.offset[c] = static_cast<float>(offset / deviation);
    result.low[c] = static_cast<float>(-mean / deviation);
    result.high[c] = static_cast<float>((255.0 - mean) / deviation);
  }
  return result;
}

}  // namespace

ColorTransform yuv_transform(ColorMatrix matrix,
                             ColorRange range,
                             bool blue_first,
                             const ChannelScale& scale) {
  const bool is_601 = matrix == ColorMatrix::kBt601;
  const double red = is_601 ? 0.299 : 0.2126;
  const double blue = is_601 ? 0.114 : 0.0722;
  const double green = 1.0 - red - blue;
  const bool is_full = range == ColorRange::kFull;
  const double luma = is_full ? 1.0 : 255.0 / 219.0;
  const double chroma = is_full ? 1.0 : 255.0 / 224.0;

  const double v_to_red = 2.0 * (1.0 - red) * chroma;
  const double u_to_blue = 2.0 * (1.0 - blue) * chroma;
  const double v_to_green = -v_to_red * red / green;
  const double u_to_green = -u_to_blue * blue / green;
  const Matrix rgb = {
      {{luma, v_to_red, 0.0}, {luma, v_to_green, u_to_green}, {luma, 0.0, u_to_blue}}};
  const Matrix bgr = {
      {{luma, u_to_blue, 0.0}, {luma, u_to_green, v_to_green}, {luma, 0.0, v_to_red}}};
  return folded(blue_first ? bgr : rgb, {is_full ? 0.0 : 16.0, 128.0, 128.0}, scale);
}

ColorTransform same_colors(const ChannelScale& scale) {
  const Matrix identity = {{{1.0, 0.0, 0.0}, {0.0, 1.0, 0.0}, {0.0, 0.0, 1.0}}};
  ColorTransform result = folded(identity, {0.0, 0.0, 0.0}, scale);
  result.is_diagonal = true;
  return result;
}

}  // namespace penstock
