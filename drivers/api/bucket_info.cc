#include "drivers/api/bucket_info.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "drivers/api/padded_copy.h"

namespace penstock {
namespace {

/// Opens the extents of `ports` in which `others` differ. False where a rank does.
bool open_extents(const std::vector<TensorSpec>& others, std::vector<TensorSpec>* ports) {
  for (std::size_t i = 0; i < ports->size(); ++i) {
    Shape& shape = (*ports)[i].shape;
    const Shape& other = others[i].shape;
    if (other.rank() != shape.rank()) {
      return false;
    }
    for (std::size_t axis = 0; axis < shape.rank(); ++axis) {
      if (other[axis] != shape[axis]) {
        shape.set(axis, Shape::kDynamic);
      }
    }
  }
  return true;
}

/// Returns `shape` with the extents of `example` where it is open.
Shape closed_like(Shape shape, const Shape& example) {
  for (std::size_t axis = 0; axis < std::min(shape.rank(), example.rank()); ++axis) {
    if (shape[axis] == Shape::kDynamic) {
      shape.set(axis, example[axis]);
    }
  }
  return shape;
}

}  // namespace

ShapeBucket bucket_of(const ModelInfo& model) {
  ShapeBucket bucket;
  for (const TensorSpec& port : model.inputs) {
    bucket.inputs.push_back(port.shape);
  }
  for (const TensorSpec& port : model.outputs) {
    bucket.outputs.push_back(port.shape);
  }
  return bucket;
}

std::vector<std::size_t> bucket_order(std::span<const ModelInfo> models) {
  std::vector<std::int64_t> sizes;
  for (const ModelInfo& model : models) {
    sizes.push_back(size_of(bucket_of(model)));
  }
  std::vector<std::size_t> order(models.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return sizes[a] < sizes[b];
  });
  return order;
}

Result<ModelInfo> describe_buckets(std::span<const ModelInfo> models) {
  ModelInfo info = models.front();
  std::string texts;
  for (const ModelInfo& other : models) {
    info.buckets.push_back(bucket_of(other));
    const ShapeBucket& bucket = info.buckets.back();
    if (!open_extents(other.inputs, &info.inputs) || !open_extents(other.outputs, &info.outputs)) {
      return Error{Errc::kUnsupported,
                   "bucket " + bucket.to_string() +
                       ": its outputs have other ranks than those of the first"};
    }
    for (const Shape& shape : bucket.inputs) {
      if (!shape.is_static()) {
        return Error{Errc::kInvalidArgument,
                     "bucket " + bucket.to_string() + " leaves an input open: give it a shape too"};
      }
    }
    texts += (texts.empty() ? "" : "; ") + bucket.to_string();
    info.preferred_requests = std::max(info.preferred_requests, other.preferred_requests);
    info.min_batch = std::min(info.min_batch, other.min_batch);
    info.max_batch = std::max(info.max_batch, other.max_batch);
    info.loaded_from_cache = info.loaded_from_cache && other.loaded_from_cache;
  }
  info.properties["buckets"] = texts;
  return info;
}

Result<std::vector<std::vector<std::byte>>> padding_of(const ModelInfo& model, double value) {
  std::vector<std::vector<std::byte>> padding;
  for (const TensorSpec& input : model.inputs) {
    auto element = element_bytes(value, input.type);
    if (!element.has_value()) {
      return element.error().within("input '" + input.name + "'");
    }
    padding.push_back(std::move(*element));
  }
  return padding;
}

ModelInfo with_batch(ModelInfo model, std::int64_t batch) {
  for (auto* ports : {&model.inputs, &model.outputs}) {
    for (TensorSpec& port : *ports) {
      if (batch > 0 && port.shape.rank() > 0) {
        port.shape.set(0, batch);
      }
    }
  }
  return model;
}

std::optional<ModelInfo> shape_ports(OptionReader& reader,
                                     ModelInfo model,
                                     const ShapeChoice& choice) {
  std::vector<std::string> names;
  for (const TensorSpec& input : model.inputs) {
    names.push_back(input.name);
  }
  for (const auto& [key, shape] : choice.shapes) {
    const auto index = input_of(key, names);
    const std::string misfit =
        index.has_value() ? misfit_of(shape, model.inputs[*index].shape) : index.error().message;
    if (!misfit.empty()) {
      reader.reject("shape." + key, misfit);
      return std::nullopt;
    }
    model.inputs[*index].shape = shape;
  }
  for (TensorSpec& output : model.outputs) {
    if (!choice.shapes.empty()) {
      output.shape = closed_like(output.shape, model.inputs.front().shape);
    }
  }
  model = with_batch(std::move(model), choice.batch);
  const auto batch = static_cast<std::uint32_t>(std::max<std::int64_t>(choice.batch, 1));
  model.min_batch = model.max_batch = batch;
  return model;
}

}  // namespace penstock
