#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "engine/graph/model_probe.h"
#include "engine/nodes/detection_options.h"
#include "engine/nodes/label_tables.h"
#include "engine/nodes/object_decoder_node.h"

namespace penstock {

/// Why `Decoder`, whose options `read(OptionValues, Size2d)` gives, cannot read the outputs of
/// `model`; nothing when it can, or when that is not known before the run because the model leaves
/// the size of its picture open.
template <class Decoder, class Read>
std::optional<std::string> decoder_misfit(const ModelFacts& model,
                                          const OptionValues& options,
                                          Read read) {
  const Size2d picture = picture_size_of(model);
  if (picture.width == 0) {
    return std::nullopt;
  }
  const auto read_options = read(options, picture);
  if (!read_options.has_value()) {
    return read_options.error().message;
  }
  const Status fits = Decoder::check(*read_options, outputs_of(model));
  return fits.has_value() ? std::nullopt : std::optional<std::string>(fits.error().message);
}

/// Returns a node with a `Decoder` for the model of `args`.
template <class Decoder, class Read>
Result<std::unique_ptr<Node>> make_object_decoder(const NodeArgs& args, Read read) {
  const std::string who = "actor '" + args.name + "'";
  const Size2d picture = picture_size_of(args);
  const auto options = read(*args.options, picture);
  if (!options.has_value()) {
    return options.error().within(who);
  }
  auto decoder = Decoder::create(*options, outputs_of(args));
  if (!decoder.has_value()) {
    return decoder.error().within(who);
  }
  const InputSize input{static_cast<int>(picture.width), static_cast<int>(picture.height)};
  const LabelTable* labels =
      args.options->has("labels") ? intern_labels(args.options->get_texts("labels")) : nullptr;
  return std::unique_ptr<Node>(std::make_unique<ObjectDecoderNode>(
      std::make_unique<Decoder>(std::move(decoder).value()), input, labels));
}

}  // namespace penstock
