#include "engine/nodes/detection_options.h"

#include <algorithm>
#include <string>

#include "engine/nodes/model_picture.h"

namespace penstock {
namespace {

TensorSpec spec_of(const TensorFacts& facts) {
  TensorSpec spec;
  spec.name = facts.name;
  spec.type = element_type_from(facts.element).value_or(ElementType::kUndefined);
  spec.layout = facts.layout;
  const std::size_t rank = std::min(facts.dims.size(), Shape::kMaxRank);
  spec.shape = Shape(std::span<const std::int64_t>(facts.dims).first(rank));
  return spec;
}

Size2d picture_size_of(const TensorSpec& input) {
  const Result<ModelPicture> picture = model_picture(input);
  return picture.has_value() ? picture->size : Size2d{};
}

}  // namespace

void add_detection_options(ActorType& type) {
  type.option(Option::labels("labels", "names of the classes: a file with one a line, or a list"));
  type.option(Option::number("score", "smallest score of an object that is reported")
                  .range(0, 1)
                  .fallback("0.4"));
  type.option(Option::number("iou", "overlap from which the worse of two boxes goes")
                  .range(0, 1)
                  .fallback("0.45"));
  type.option(Option::texts("keep", "report only these labels; without it, all")
                  .labels_of("labels")
                  .leaving_labels());
  type.option(Option::integer("top_k", "at most so many objects a picture, the best ones")
                  .range(1, 65536)
                  .unit("objects")
                  .fallback("100"));
  type.option(Option::boolean("class_agnostic", "boxes of different labels suppress each other too")
                  .fallback("false"));
  type.option(Option::integer("max_candidates", "boxes that take part in the suppression")
                  .range(1, static_cast<double>(NonMaximumSuppression::kMaxCandidates))
                  .unit("boxes")
                  .fallback("1000"));
}

Result<DetectionOptions> read_detection_options(const OptionValues& options, Size2d input) {
  DetectionOptions detection;
  detection.input = {static_cast<int>(input.width), static_cast<int>(input.height)};
  detection.score = static_cast<float>(options.get_number("score"));
  detection.iou = static_cast<float>(options.get_number("iou"));
  detection.top_k = static_cast<std::size_t>(options.get_int("top_k"));
  detection.class_agnostic = options.get_bool("class_agnostic");
  detection.max_candidates = static_cast<std::size_t>(options.get_int("max_candidates"));
  std::vector<std::string> labels;
  if (options.has("labels")) {
    labels = options.get_texts("labels");
    detection.labels = labels.size();
  }
  if (!options.has("keep")) {
    return detection;
  }
  for (const std::string& word : options.get_texts("keep")) {
    const auto found = std::find(labels.begin(), labels.end(), word);
    if (found == labels.end()) {
      return Error{
          Errc::kInvalidArgument,
          "keep: '" + word + "' is not one of the " + std::to_string(labels.size()) + " labels"};
    }
    detection.keep.push_back(static_cast<std::int32_t>(found - labels.begin()));
  }
  return detection;
}

std::vector<TensorSpec> outputs_of(const ModelFacts& model) {
  std::vector<TensorSpec> outputs;
  for (const TensorFacts& facts : model.outputs) {
    outputs.push_back(spec_of(facts));
  }
  return outputs;
}

std::vector<TensorSpec> outputs_of(const NodeArgs& args) {
  std::vector<TensorSpec> outputs;
  for (const auto& spec : args.model_outputs) {
    outputs.push_back(*spec);
  }
  return outputs;
}

Size2d picture_size_of(const ModelFacts& model) {
  return model.inputs.size() == 1 ? picture_size_of(spec_of(model.inputs.front())) : Size2d{};
}

Size2d picture_size_of(const NodeArgs& args) {
  if (args.model_picture.width > 0) {
    return args.model_picture;
  }
  return args.model_inputs.size() == 1 ? picture_size_of(*args.model_inputs.front()) : Size2d{};
}

}  // namespace penstock
