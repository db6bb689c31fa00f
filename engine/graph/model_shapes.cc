#include "engine/graph/model_shapes.h"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "engine/graph/model_fit.h"
#include "engine/graph/model_probe.h"
#include "engine/yaml/nearest_word.h"

namespace penstock {
namespace {

using Extents = std::vector<std::int64_t>;

double elements_of(const Extents& shape) {
  double count = 1;
  for (const std::int64_t extent : shape) {
    count *= static_cast<double>(extent);
  }
  return count;
}

Extents extents_of(const OptionValue& value) {
  Extents extents;
  for (const OptionValue& extent : *value.as<OptionValue::List>()) {
    extents.push_back(*extent.as<std::int64_t>());
  }
  return extents;
}

InputShapes shapes_of(const std::string& input, const OptionValue& value, SourcePlace place) {
  InputShapes shapes;
  shapes.input = input;
  shapes.place = std::move(place);
  for (const OptionValue& shape : *value.as<OptionValue::List>()) {
    shapes.shapes.push_back(extents_of(shape));
  }
  return shapes;
}

std::string who(const ModelDraft& model, const InputShapes& shapes) {
  return "model '" + model.spec.name + "': 'shapes'" +
         (shapes.input.empty() ? "" : " of input '" + shapes.input + "'");
}

void check_order(const ModelDraft& model, const InputShapes& shapes, Diagnostics& diagnostics) {
  for (std::size_t i = 1; i < shapes.shapes.size(); ++i) {
    const Extents& shape = shapes.shapes[i];
    const auto here = shapes.shapes.begin() + static_cast<std::ptrdiff_t>(i);
    if (std::find(shapes.shapes.begin(), here, shape) != here) {
      diagnostics.error(
          "E002", shapes.place, who(model, shapes) + " names " + shape_text(shape) + " twice");
    } else if (elements_of(shape) < elements_of(shapes.shapes[i - 1])) {
      diagnostics.error("E013",
                        shapes.place,
                        who(model, shapes) + " has " + shape_text(shape) + " after " +
                            shape_text(shapes.shapes[i - 1]) + ", which is larger",
                        "write the smaller shapes first");
    }
  }
}

void read_batch_buckets(const OptionValues& values, ModelDraft& model, Diagnostics& diagnostics) {
  if (!values.has("batch") || !values.get_object("batch").has("buckets")) {
    return;
  }
  const OptionValues& batch = values.get_object("batch");
  std::int64_t before = 0;
  for (const OptionValue& bucket : batch.get_list("buckets")) {
    const std::int64_t size = *bucket.as<std::int64_t>();
    if (size <= before || size >= model.spec.batch_size) {
      diagnostics.error("E013",
                        batch.place("buckets"),
                        "model '" + model.spec.name + "': batch bucket " + std::to_string(size) +
                            (size <= before ? " comes after " + std::to_string(before)
                                            : " is no partial batch: 'size' is " +
                                                  std::to_string(model.spec.batch_size)),
                        "write them ascending, each below 'size'");
      return;
    }
    before = size;
    model.spec.batch_buckets.push_back(size);
  }
}

/// Returns how many shapes each input has; inputs with one have it in all.
std::size_t shape_count(const ModelSpec& model) {
  std::size_t count = 1;
  for (const InputShapes& shapes : model.shapes) {
    count = std::max(count, shapes.shapes.size());
  }
  return count;
}

/// Returns the input that `shapes` is about; nullptr after E041 if there is none.
TensorFacts* find_input(ModelFacts& facts,
                        const ModelDraft& model,
                        const InputShapes& shapes,
                        Diagnostics& diagnostics) {
  if (shapes.input.empty() && facts.inputs.size() == 1) {
    return &facts.inputs.front();
  }
  std::vector<std::string> names;
  for (TensorFacts& input : facts.inputs) {
    if (input.name == shapes.input && !shapes.input.empty()) {
      return &input;
    }
    names.push_back(input.name);
  }
  const std::string near = did_you_mean(shapes.input, names);
  diagnostics.error("E041",
                    shapes.place,
                    shapes.input.empty() ? who(model, shapes) + " does not say which of the " +
                                               std::to_string(names.size()) + " inputs it means"
                                         : who(model, shapes) + ": the model has no such input",
                    shapes.input.empty() ? "write {NAME: [[...], ...]}; " + one_of(names)
                    : near.empty()       ? one_of(names)
                                         : near);
  return nullptr;
}

/// E041 unless `shape` fits what the file says of `input`.
bool check_shape(const ModelDraft& model,
                 const InputShapes& shapes,
                 const Extents& shape,
                 const TensorFacts& input,
                 Diagnostics& diagnostics) {
  const std::string says = "; input '" + input.name + "' of the model is " + shape_text(input.dims);
  if (shape.size() != input.dims.size()) {
    diagnostics.error("E041",
                      shapes.place,
                      who(model, shapes) + " has " + shape_text(shape) + " with " +
                          std::to_string(shape.size()) + " axes" + says + " with " +
                          std::to_string(input.dims.size()));
    return false;
  }
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    if (input.dims[axis] >= 0 && input.dims[axis] != shape[axis]) {
      diagnostics.error("E041",
                        shapes.place,
                        who(model, shapes) + " has " + shape_text(shape) +
                            ", which changes an extent that the file fixes" + says);
      return false;
    }
  }
  return true;
}

/// Closes what all shapes fix alike; a batch decides on the first extent.
void close_extents(const ModelSpec& model, const InputShapes& shapes, TensorFacts& input) {
  for (std::size_t axis = 0; axis < input.dims.size(); ++axis) {
    const std::int64_t first = shapes.shapes.front()[axis];
    const bool agree = std::all_of(shapes.shapes.begin(),
                                   shapes.shapes.end(),
                                   [&](const Extents& shape) { return shape[axis] == first; });
    if (agree && (axis > 0 || model.batch_size == 1)) {
      input.dims[axis] = first;
    }
  }
}

/// E041 for inputs that neither shapes nor a batch close: buckets are fixed shapes.
void check_all_closed(const ModelDraft& model,
                      const ModelFacts& facts,
                      const std::vector<const TensorFacts*>& given,
                      Diagnostics& diagnostics) {
  const bool has_buckets = shape_count(model.spec) > 1 || !model.spec.batch_buckets.empty();
  for (const TensorFacts& input : facts.inputs) {
    const bool is_given = std::find(given.begin(), given.end(), &input) != given.end();
    const auto from =
        input.dims.begin() + (model.spec.batch_size > 1 && !input.dims.empty() ? 1 : 0);
    const bool is_open = std::any_of(from, input.dims.end(), [](auto dim) { return dim < 0; });
    if (has_buckets && !is_given && is_open) {
      const OptionValues& options = model.spec.options;
      diagnostics.error("E041",
                        options.place(options.is_written("shapes") ? "shapes" : "batch"),
                        "model '" + model.spec.name + "': input '" + input.name + "' is " +
                            shape_text(input.dims) + " and left open",
                        "give it 'shapes' too");
    }
  }
}

/// Returns whether nothing but the first extent of `port` is open.
bool is_open_in_batch(const TensorFacts& port) {
  return port.dims.size() > 1 && port.dims.front() < 0 &&
         std::all_of(port.dims.begin() + 1, port.dims.end(), [](auto dim) { return dim >= 0; });
}

/// A batch of one where every port leaves open how many.
void imply_batch_of_one(ModelDraft& model, ModelFacts& facts) {
  const bool is_batch =
      model.spec.batch_size == 1 && model.spec.shapes.empty() && !facts.inputs.empty() &&
      std::all_of(facts.inputs.begin(), facts.inputs.end(), is_open_in_batch) &&
      std::all_of(facts.outputs.begin(), facts.outputs.end(), [](const TensorFacts& output) {
        return !output.dims.empty() && output.dims.front() < 0;
      });
  for (std::size_t i = 0; is_batch && i < facts.inputs.size(); ++i) {
    TensorFacts& input = facts.inputs[i];
    input.dims.front() = 1;
    InputShapes shapes;
    shapes.input = facts.inputs.size() == 1 ? std::string() : input.name;
    shapes.shapes = {input.dims};
    shapes.place = model.spec.place;
    shapes.implied = true;
    model.spec.shapes.push_back(std::move(shapes));
  }
}

std::string size_text(const Size2d& size) {
  return std::to_string(size.width) + "x" + std::to_string(size.height);
}

}  // namespace

void read_model_shapes(const OptionValues& values, ModelDraft& model, Diagnostics& diagnostics) {
  read_batch_buckets(values, model, diagnostics);
  if (const OptionValue* written = values.find("shapes"); written != nullptr) {
    if (const auto* by_input = written->as<OptionValues>(); by_input != nullptr) {
      for (const std::string& input : by_input->names()) {
        model.spec.shapes.push_back(
            shapes_of(input, *by_input->find(input), by_input->place(input)));
      }
    } else {
      model.spec.shapes.push_back(shapes_of("", *written, values.place("shapes")));
    }
  }
  const std::size_t count = shape_count(model.spec);
  for (const InputShapes& shapes : model.spec.shapes) {
    check_order(model, shapes, diagnostics);
    if (shapes.shapes.size() > 1 && shapes.shapes.size() != count) {
      diagnostics.error("E013",
                        shapes.place,
                        who(model, shapes) + " has " + std::to_string(shapes.shapes.size()) +
                            " shapes, another input has " + std::to_string(count),
                        "they go together by place: give each as many, or one");
    }
  }
  const std::size_t buckets = count * (model.spec.batch_buckets.size() + 1);
  if (buckets > kMostBuckets) {
    diagnostics.error("E013",
                      values.place("shapes"),
                      "model '" + model.spec.name + "' makes " + std::to_string(buckets) +
                          " buckets of its shapes and batch sizes; at most " +
                          std::to_string(kMostBuckets) + " are made");
  }
}

void check_model_shapes(ModelDraft& model, Diagnostics& diagnostics) {
  ModelFacts facts = *model.spec.facts;
  std::vector<const TensorFacts*> given;
  const std::size_t errors_before = diagnostics.error_count();
  for (const InputShapes& shapes : model.spec.shapes) {
    TensorFacts* input = find_input(facts, model, shapes, diagnostics);
    if (input == nullptr) {
      continue;
    }
    given.push_back(input);
    const bool fits =
        std::all_of(shapes.shapes.begin(), shapes.shapes.end(), [&](const Extents& shape) {
          return check_shape(model, shapes, shape, *input, diagnostics);
        });
    if (fits) {
      close_extents(model.spec, shapes, *input);
    }
  }
  check_all_closed(model, facts, given, diagnostics);
  imply_batch_of_one(model, facts);
  model.sound = model.sound && diagnostics.error_count() == errors_before;
  model.spec.facts = std::move(facts);
}

std::optional<std::string> misfit_of_shapes(const OptionValues& preprocess,
                                            const ModelSpec& model) {
  if (model.shapes.size() != 1 || model.shapes.front().shapes.size() < 2) {
    return std::nullopt;
  }
  std::string sizes;
  for (const Extents& shape : model.shapes.front().shapes) {
    ModelFacts facts = *model.facts;
    facts.inputs.front().dims = shape;
    const auto picture = picture_input(facts);
    if (!picture.has_value() || !picture->size.has_value()) {
      return std::nullopt;  // Said already: this model takes no pictures.
    }
    sizes += (sizes.empty() ? "" : ", ") + size_text(*picture->size);
    for (const char* word : {"letterbox", "resize"}) {
      if (preprocess.has(word) && preprocess.get_size(word) == *picture->size) {
        return std::nullopt;
      }
    }
  }
  for (const char* word : {"letterbox", "resize"}) {
    if (preprocess.has(word)) {
      return std::string(word) + " gives " + size_text(preprocess.get_size(word)) +
             ", which is none of its shapes: " + sizes;
    }
  }
  return std::nullopt;
}

void imply_shape(const OptionValues& preprocess, ModelDraft& model) {
  ModelSpec& spec = model.spec;
  const bool is_written = !spec.shapes.empty() && !spec.shapes.front().implied;
  const auto input = picture_input(*spec.facts);
  if (is_written || !input.has_value() || input->size.has_value() || !input->channels.has_value()) {
    return;
  }
  Extents shape = spec.facts->inputs.front().dims;
  const char* word = preprocess.has("letterbox") ? "letterbox" : "resize";
  if (!preprocess.has(word)) {
    return;  // Said already: there is no size.
  }
  const Size2d size = preprocess.get_size(word);
  const std::size_t height = is_channels_last(spec.facts->inputs.front()) ? 1 : 2;
  shape[0] = 1;
  shape[height] = size.height;
  shape[height + 1] = size.width;
  if (spec.shapes.empty()) {
    InputShapes implied;
    implied.place = spec.place;
    implied.implied = true;
    spec.shapes.push_back(std::move(implied));
  }
  std::vector<Extents>& shapes = spec.shapes.front().shapes;
  if (std::find(shapes.begin(), shapes.end(), shape) == shapes.end()) {
    shapes.insert(std::upper_bound(shapes.begin(),
                                   shapes.end(),
                                   shape,
                                   [](const Extents& a, const Extents& b) {
                                     return elements_of(a) < elements_of(b);
                                   }),
                  std::move(shape));
  }
}

void drop_implied_shapes(ModelSpec& model) {
  const bool is_open = model.facts.has_value() && !model.facts->inputs.empty() &&
                       std::any_of(model.facts->inputs.front().dims.begin(),
                                   model.facts->inputs.front().dims.end(),
                                   [](auto dim) { return dim < 0; });
  if (is_open && !model.shapes.empty() && model.shapes.front().implied) {
    model.shapes.clear();
  }
}

}  // namespace penstock
