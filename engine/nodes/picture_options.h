#pragma once

#include "engine/base/result.h"
#include "engine/graph/option_values.h"
#include "engine/nodes/picture_resampler.h"

namespace penstock {

/// Reads the size `name` into `target`.
void read_size(const OptionValues& options, const char* name, PictureTarget& target);

/// Reads `letterbox` or `resize`, where there is one, into `target`: its size and whether it keeps
/// the shape. Without either the size stays as it is.
void read_letterbox_or_resize(const OptionValues& options, PictureTarget& target);

/// Reads `color` and `pad`. Errors: `kUnsupported` for gray, which the kernels do not make.
Status read_color(const OptionValues& options, PictureTarget& target);

/// Reads `normalize`: a preset or mean and std, for one channel or for all. Read `color` first: a
/// preset is in RGB order. Errors: `kInvalidArgument` for neither 1 nor 3 numbers.
Status read_normalize(const OptionValues& options, PictureTarget& target);

/// Reads `mean` and `std` themselves. Errors: as `read_normalize`.
Status read_mean_and_std(const OptionValues& options, PictureTarget& target);

/// Sets mean and deviation to those of ImageNet's pictures, in the target's channel order.
void use_imagenet_scale(PictureTarget& target);

}  // namespace penstock
