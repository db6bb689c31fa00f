#include "engine/nodes/model_picture.h"

namespace penstock {
namespace {

bool is_channel_count(std::int64_t extent) {
  return extent == 1 || extent == 3 || extent == 4;
}

}  // namespace

Result<ModelPicture> model_picture(const TensorSpec& input) {
  if (input.shape.rank() != 4) {
    return Error{Errc::kUnsupported,
                 "input '" + input.name + "' of the model is " + input.to_string() +
                     "; a picture wants four axes"};
  }
  ModelPicture picture;
  const bool looks_channels_last =
      input.layout.empty() && !is_channel_count(input.shape[1]) && is_channel_count(input.shape[3]);
  picture.is_channels_last = input.layout == "NHWC" || looks_channels_last;
  picture.channels = input.shape[picture.is_channels_last ? 3 : 1];
  const std::int64_t height = input.shape[picture.is_channels_last ? 1 : 2];
  const std::int64_t width = input.shape[picture.is_channels_last ? 2 : 3];
  if (width > 0 && height > 0) {
    picture.size = Size2d{width, height};
  }
  return picture;
}

}  // namespace penstock
