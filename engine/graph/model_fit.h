#pragma once

#include <optional>
#include <string>

#include "engine/graph/model_probe.h"
#include "engine/graph/option_values.h"

namespace penstock {

/// What the input of a model looks like to one who makes it from a picture.
struct PictureInput {
  std::string name;
  std::optional<Size2d> size;            ///< Nothing if the model leaves it open.
  std::optional<std::int64_t> channels;  ///< Likewise.
};

/// Returns the input of `model` that takes pictures: the only one, with four axes of which one is
/// the channels. The error says why there is none, for E041.
Result<PictureInput> picture_input(const ModelFacts& model);

/// Returns whether the channels of a picture input come last; where nothing says so, first.
/// Pre: four axes.
bool is_channels_last(const TensorFacts& input);

/// Returns why the options of `preprocess` do not fit `model` (E041); nothing if they do.
std::optional<std::string> misfit_of(const OptionValues& preprocess, const ModelFacts& model);

}  // namespace penstock
