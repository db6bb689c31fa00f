#include "engine/graph/model_fit.h"

#include <array>

namespace penstock {
namespace {

bool is_channel_count(std::int64_t dim) {
  return dim == 1 || dim == 3 || dim == 4;
}

bool is_picture_element(const std::string& element) {
  constexpr std::array<const char*, 5> kElements = {"f32", "f16", "bf16", "u8", "i8"};
  for (const char* known : kElements) {
    if (element == known) {
      return true;
    }
  }
  return element.empty();
}

std::optional<std::int64_t> known_dim(std::int64_t dim) {
  return dim < 0 ? std::nullopt : std::optional<std::int64_t>(dim);
}

std::string size_text(const Size2d& size) {
  return std::to_string(size.width) + "x" + std::to_string(size.height);
}

std::string tensor_text(const TensorFacts& tensor) {
  return "input '" + tensor.name + "' of the model is " + tensor.element + " " +
         shape_text(tensor.dims);
}

}  // namespace

bool is_channels_last(const TensorFacts& input) {
  const bool looks_channels_last =
      input.layout.empty() && !is_channel_count(input.dims[1]) && is_channel_count(input.dims[3]);
  return input.layout == "NHWC" || looks_channels_last;
}

Result<PictureInput> picture_input(const ModelFacts& model) {
  if (model.inputs.size() != 1) {
    std::string names;
    for (const TensorFacts& input : model.inputs) {
      names += (names.empty() ? "" : ", ") + input.name;
    }
    return Error{Errc::kUnsupported,
                 "the model has " + std::to_string(model.inputs.size()) + " inputs (" + names +
                     "); preprocess feeds one"};
  }
  const TensorFacts& input = model.inputs.front();
  if (input.dims.size() != 4) {
    return Error{Errc::kUnsupported, tensor_text(input) + "; a picture wants four axes"};
  }
  if (!is_picture_element(input.element)) {
    return Error{Errc::kUnsupported, tensor_text(input) + "; a picture wants f32, f16, u8 or i8"};
  }
  const bool channels_last = is_channels_last(input);
  const std::int64_t channels = input.dims[channels_last ? 3 : 1];
  const std::int64_t height = input.dims[channels_last ? 1 : 2];
  const std::int64_t width = input.dims[channels_last ? 2 : 3];
  PictureInput picture;
  picture.name = input.name;
  picture.channels = known_dim(channels);
  if (width > 0 && height > 0) {
    picture.size = Size2d{width, height};
  }
  return picture;
}

std::optional<std::string> misfit_of(const OptionValues& preprocess, const ModelFacts& model) {
  const Result<PictureInput> input = picture_input(model);
  if (!input.has_value()) {
    return input.error().message;
  }
  const std::string wants = "; " + tensor_text(model.inputs.front());
  const std::int64_t channels = preprocess.is_word("color", "gray") ? 1 : 3;
  if (input->channels.has_value() && *input->channels != channels) {
    return "preprocess gives " + std::to_string(channels) + " channels" + wants;
  }
  for (const char* word : {"letterbox", "resize"}) {
    if (preprocess.has(word) && input->size.has_value() &&
        preprocess.get_size(word) != *input->size) {
      return std::string(word) + " gives " + size_text(preprocess.get_size(word)) + wants +
             ", that is " + size_text(*input->size);
    }
  }
  return std::nullopt;
}

}  // namespace penstock
