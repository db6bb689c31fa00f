#include "engine/graph/stage_checker.h"

#include "engine/graph/model_fit.h"
#include "engine/graph/model_shapes.h"

namespace penstock {

void StageChecker::check_size(const GraphStage& stage) {
  if (!stage.options.has("letterbox") && !stage.options.has("resize")) {
    diagnostics_.error("E011",
                       stage.place,
                       "preprocess wants a size: the model does not fix one here",
                       "add letterbox: [width, height], or resize");
  }
}

void StageChecker::check_input(const GraphStage& preprocess, ModelDraft& model) {
  if (!model.spec.facts.has_value()) {
    return;
  }
  auto misfit = misfit_of(preprocess.options, *model.spec.facts);
  if (!misfit.has_value()) {
    misfit = misfit_of_shapes(preprocess.options, model.spec);
  }
  if (!misfit.has_value()) {
    imply_shape(preprocess.options, model);
    return;
  }
  SourcePlace place = preprocess.place;
  for (const char* word : {"letterbox", "resize"}) {
    if (preprocess.options.is_written(word)) {
      place = preprocess.options.place(word);
    }
  }
  diagnostics_.error("E041", place, "model '" + model.spec.name + "': " + *misfit);
}

void StageChecker::check_decoder(const GraphStage& stage, const ModelDraft& model) {
  if (!model.spec.facts.has_value() || !model.sound) {
    return;
  }
  const auto misfit = stage.type->decoder_fit()(*model.spec.facts, stage.options);
  if (misfit.has_value()) {
    diagnostics_.error("E043",
                       stage.place,
                       "decoder '" + stage.type->name() + "' does not fit model '" +
                           model.spec.name + "': " + *misfit);
  }
}

Size2d picture_size_of(const GraphStage& preprocess) {
  for (const char* word : {"letterbox", "resize"}) {
    if (preprocess.options.has(word)) {
      return preprocess.options.get_size(word);
    }
  }
  return {};
}

void fill_size(const ModelFacts& facts, GraphStage& stage) {
  if (stage.options.has("letterbox") || stage.options.has("resize")) {
    return;
  }
  const Result<PictureInput> input = picture_input(facts);
  if (input.has_value() && input->size.has_value()) {
    stage.options.set("letterbox", *input->size);
  }
  if (!input.has_value()) {
    stage.options.set("letterbox", Size2d{1, 1});  // E041 says more than a missing size
  }
}

}  // namespace penstock
