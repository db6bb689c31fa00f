#include "tools/fit/fit_inputs.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "engine/nodes/model_picture.h"
#include "tools/compose/picture_before.h"

namespace penstock {
namespace {

bool has_size(TensorSpec port, const Shape& shape, const Size2d& size) {
  port.shape = shape;
  const auto picture = model_picture(port);
  return picture.has_value() && picture->size == size;
}

/// Returns the shapes of the inputs, batch and all.
std::vector<Shape> shapes_of(const GraphSpec& spec,
                             const ActorSpec& actor,
                             const ModelLoader::Loaded& model) {
  std::vector<Shape> shapes;
  for (const auto& input : model.inputs) {
    shapes.push_back(input->shape);
  }
  if (model.buckets.empty()) {
    return shapes;
  }
  const std::optional<Size2d> size = picture_before(spec, actor);
  const auto fits = [&](const ShapeBucket& bucket) {
    return size.has_value() && has_size(*model.inputs.front(), bucket.inputs.front(), *size);
  };
  // The last of a size has the whole batch.
  const auto found = std::find_if(model.buckets.rbegin(), model.buckets.rend(), fits);
  return found == model.buckets.rend() ? model.buckets.back().inputs : found->inputs;
}

/// Returns an input of one frame: `shape` is that of a whole batch.
Result<FeatureMap> input_for(const TensorSpec& wanted, Shape shape, std::int64_t batch) {
  if (batch > 1 && shape.rank() > 0 && shape[0] % batch == 0) {
    shape.set(0, shape[0] / batch);
  }
  auto spec = std::make_shared<TensorSpec>(wanted);
  spec->shape = shape;
  const auto bytes = shape.dense_bytes(spec->type);
  if (!bytes.has_value()) {
    return Error{Errc::kUnsupported,
                 "input '" + wanted.name + "' is " + shape.to_string() +
                     ": a shape that opens only as it runs cannot be simulated"};
  }
  return make_feature_map(std::move(spec), shape, Buffer::allocate(*bytes));
}

}  // namespace

Result<std::vector<FeatureMap>> fit_inputs(const GraphSpec& spec,
                                           const ActorSpec& actor,
                                           const ModelLoader::Loaded& model) {
  const ModelSpec* words = spec.find_model(actor.model);
  const std::vector<Shape> shapes = shapes_of(spec, actor, model);
  std::vector<FeatureMap> inputs;
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    auto input = input_for(*model.inputs[i], shapes[i], words == nullptr ? 1 : words->batch_size);
    if (!input.has_value()) {
      return input.error().within("model '" + actor.model + "'");
    }
    inputs.push_back(std::move(input).value());
  }
  return inputs;
}

}  // namespace penstock
