#pragma once

#include "engine/graph/graph_draft.h"
#include "engine/graph/graph_stage.h"
#include "engine/graph/model_probe.h"
#include "engine/graph/option_values.h"
#include "engine/yaml/diagnostic.h"

namespace penstock {

/// Holds what stands before and behind a model against the model's file: E011 (no size to scale
/// to), E041 (input), E043 (decoder). Thread-safety: none.
class StageChecker {
 public:
  /// `diagnostics` must outlive the checker.
  explicit StageChecker(Diagnostics& diagnostics) : diagnostics_(diagnostics) {}

  /// A preprocessing stage has a size to scale to.
  void check_size(const GraphStage& preprocess);
  /// The model takes what the stage makes. One whose shapes are open gets this one.
  void check_input(const GraphStage& preprocess, ModelDraft& model);
  /// The stage can decode what the model gives.
  void check_decoder(const GraphStage& decoder, const ModelDraft& model);

 private:
  Diagnostics& diagnostics_;
};

/// Returns the size that a preprocessing stage scales to; 0x0 if it says none.
Size2d picture_size_of(const GraphStage& preprocess);

/// Takes the size from the model where the stage says none.
void fill_size(const ModelFacts& facts, GraphStage& preprocess);

}  // namespace penstock
