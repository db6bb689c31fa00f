#pragma once

#include <optional>
#include <string>

#include "engine/graph/graph_draft.h"
#include "engine/graph/option_values.h"
#include "engine/yaml/diagnostic.h"

namespace penstock {

/// Most combinations of shapes and batch sizes of one model: each is a compiled model of its own.
inline constexpr std::size_t kMostBuckets = 32;

/// Reads `shapes` and `batch: {buckets}` of a model into its draft, after `batch: {size}`.
/// Reports E002 for what is given twice, E013 for what does not ascend, inputs whose lists differ
/// in length, batch buckets that are no partial batches, and too many combinations.
void read_model_shapes(const OptionValues& values, ModelDraft& model, Diagnostics& diagnostics);

/// Checks the shapes against what the model file says, and closes in `model.spec.facts` what they
/// all fix alike. A model of which only the batch is open runs with 1. Reports E041 for an input
/// that is not there, another rank, an extent that the file fixes otherwise, and an input that is
/// left open. Pre: the model has facts.
void check_model_shapes(ModelDraft& model, Diagnostics& diagnostics);

/// Returns why pictures of `preprocess` have the size of none of the model's shapes (E041); nothing
/// if they do, or where it has at most one shape. Smaller is no fit: where outputs are parts of the
/// picture, those of a padded one would be parts of another.
std::optional<std::string> misfit_of_shapes(const OptionValues& preprocess, const ModelSpec& model);

/// Notes that pictures of `preprocess` reach the model: where it leaves their size open and no
/// shapes are written, it is loaded for those that do. Pre: `preprocess` fits the model.
void imply_shape(const OptionValues& preprocess, ModelDraft& model);

/// Takes back what `imply_shape` did, for a model that is given tensors of unknown sizes too.
void drop_implied_shapes(ModelSpec& model);

}  // namespace penstock
