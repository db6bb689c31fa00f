#include "engine/nodes/blazeface_type.h"

#include <optional>
#include <string>
#include <vector>

#include "engine/nodes/decoder_maker.h"
#include "engine/vision/blazeface_decoder.h"

namespace penstock {
namespace {

std::vector<BlazeGrid> grids_of(const OptionValues& options) {
  std::vector<BlazeGrid> grids;
  for (const OptionValue& value : options.get_list("grids")) {
    const auto& numbers = *value.as<OptionValue::List>();
    const auto number = [&](std::size_t index) {
      return static_cast<int>(*numbers[index].as<std::int64_t>());
    };
    grids.push_back({number(0), number(1), number(2)});
  }
  return grids;
}

Result<BlazefaceOptions> read_options(const OptionValues& options, Size2d picture) {
  BlazefaceOptions face;
  PENSTOCK_ASSIGN_OR_RETURN(face.detection, read_detection_options(options, picture));
  const bool is_preset = options.is_word("grids", "short") || options.is_word("grids", "full");
  face.preset = is_preset ? options.get_text("grids") : "";
  if (!is_preset) {
    face.grids = grids_of(options);
  }
  face.has_weighted_suppression = options.get_bool("weighted");
  return face;
}

std::optional<std::string> misfit(const ModelFacts& model, const OptionValues& options) {
  return decoder_misfit<BlazefaceDecoder>(model, options, read_options);
}

}  // namespace

ActorType blazeface_type() {
  ActorType type("blazeface", "decodes BlazeFace: boxes of one class with key points");
  type.decoder(misfit).out("out", {payload::kObjects, payload::kKeypoints});
  add_detection_options(type);
  type.option(
      Option::list("grids",
                   Option::list("grid",
                                Option::integer("number", "of rows, columns, boxes").range(1, 4096),
                                "[rows, columns, boxes a cell]")
                       .count(3, 3),
                   "cells that boxes start from, finest first: of a known model, or each grid's "
                   "[rows, columns, boxes a cell]")
          .or_words({"short", "full"})
          .fallback("short"));
  type.option(
      Option::boolean("weighted", "a reported box is the mean of those it stands for, not the best")
          .fallback("true"));
  return type;
}

Result<std::unique_ptr<Node>> make_blazeface(const NodeArgs& args) {
  return make_object_decoder<BlazefaceDecoder>(args, read_options);
}

}  // namespace penstock
