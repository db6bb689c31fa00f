#include "engine/nodes/ssd_type.h"

#include <string>
#include <vector>

#include "engine/nodes/decoder_maker.h"
#include "engine/vision/ssd_decoder.h"

namespace penstock {
namespace {

ScoreForm score_form_of(const std::string& word) {
  if (word == "softmax") {
    return ScoreForm::kSoftmax;
  }
  return word == "none" ? ScoreForm::kScores : ScoreForm::kSigmoid;
}

SsdAnchorOptions anchors_of(const OptionValues& options) {
  SsdAnchorOptions anchors;
  for (const double stride : options.get_numbers("strides")) {
    anchors.strides.push_back(static_cast<int>(stride));
  }
  anchors.min_scale = static_cast<float>(options.get_number("min_scale"));
  anchors.max_scale = static_cast<float>(options.get_number("max_scale"));
  anchors.ratios.clear();
  for (const double ratio : options.get_numbers("ratios")) {
    anchors.ratios.push_back(static_cast<float>(ratio));
  }
  anchors.has_in_between_box = options.get_bool("in_between");
  anchors.is_first_level_reduced = options.get_bool("reduce_first");
  return anchors;
}

Result<SsdOptions> read_options(const OptionValues& options, Size2d picture) {
  SsdOptions ssd;
  PENSTOCK_ASSIGN_OR_RETURN(ssd.detection, read_detection_options(options, picture));
  if (options.is_word("anchors", "mobilenet_v2_oid_300")) {
    ssd.preset = options.get_text("anchors");
  } else {
    ssd.anchors = anchors_of(options.get_object("anchors"));
  }
  ssd.score_form = score_form_of(options.get_text("activation"));
  const std::vector<double> variances = options.get_numbers("variances");
  ssd.center_variance = static_cast<float>(variances[0]);
  ssd.size_variance = static_cast<float>(variances[1]);
  ssd.best_class_only = options.get_bool("best_class_only");
  return ssd;
}

std::optional<std::string> misfit(const ModelFacts& model, const OptionValues& options) {
  return decoder_misfit<SsdDecoder>(model, options, read_options);
}

Option anchor_option() {
  return Option::object(
             "anchors",
             "the boxes that offsets are relative to: a named set, or how they are laid out",
             {
                 Option::list("strides",
                              Option::integer("stride", "pixels").range(1, 4096),
                              "pixels of the input from cell to cell, one number a level")
                     .required(),
                 Option::number("min_scale", "size on the first level, 1 is the whole input")
                     .range(0.001, 1)
                     .fallback("0.2"),
                 Option::number("max_scale", "size on the last level")
                     .range(0.001, 1)
                     .fallback("0.95"),
                 Option::numbers("ratios", "width to height of the boxes of a cell")
                     .range(0.01, 100)
                     .fallback("[1, 2, 0.5, 3, 0.3333]"),
                 Option::boolean("in_between", "one more square box between two levels' sizes")
                     .fallback("true"),
                 Option::boolean("reduce_first", "three boxes only on the first level")
                     .fallback("true"),
             })
      .or_words({"mobilenet_v2_oid_300"})
      .fallback("mobilenet_v2_oid_300");
}

}  // namespace

ActorType ssd_type() {
  ActorType type("ssd", "decodes boxes of single-shot detectors: offsets against fixed anchors");
  type.decoder(misfit).out("out", {payload::kObjects});
  add_detection_options(type);
  type.option(anchor_option());
  type.option(Option::word("activation",
                           {"sigmoid", "softmax", "none"},
                           "turns class outputs into scores; none = they are scores already")
                  .fallback("sigmoid"));
  type.option(Option::numbers("variances", "offsets of centres and of sizes are divided by them")
                  .count(2, 2)
                  .range(1e-6, 1e6)
                  .fallback("[10, 5]"));
  type.option(
      Option::boolean("best_class_only", "one object a box, of its best class").fallback("false"));
  return type;
}

Result<std::unique_ptr<Node>> make_ssd(const NodeArgs& args) {
  return make_object_decoder<SsdDecoder>(args, read_options);
}

}  // namespace penstock
